import { isDeepStrictEqual } from 'node:util';
import type { Mistake } from '#api/kinds/kind.ts';

/** Equal as JSON: members that are undefined do not count. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

export function unlessSame(path: string, now: unknown, old: unknown): Mistake[] {
  return sameJson(now, old) ? [] : [{ path, message: 'field is immutable' }];
}
