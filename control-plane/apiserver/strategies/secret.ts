import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Mistake } from '#api/kinds/kind.ts';
import type { Secret } from '#api/kinds/secret.ts';
import { sameJson, unlessSame } from './immutable.ts';
import type { Strategy } from './strategy.ts';

interface HasData {
  data?: Record<string, string> | undefined;
  binaryData?: Record<string, string> | undefined;
  immutable?: boolean | undefined;
}

/** `immutable: true` fixes the data, and itself. */
function checkImmutable(object: HasData, old: HasData): Mistake[] {
  if (old.immutable !== true) return [];
  const fixed: Mistake[] =
    object.immutable === true
      ? []
      : [{ path: 'immutable', message: 'field is immutable when `immutable` is set' }];
  const same = sameJson([object.data, object.binaryData], [old.data, old.binaryData]);
  return same ? fixed : [...fixed, { path: 'data', message: 'field is immutable when `immutable` is set' }];
}

/** Moves plain `stringData` into `data`; what is no text stays, for the schema to refuse. */
function foldStringData(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { stringData, ...rest } = input;
  const { data = {} } = rest;
  const foldable =
    isRecord(stringData) &&
    Object.values(stringData).every((value) => typeof value === 'string') &&
    isRecord(data ?? {});
  if (!foldable) return { ...input };
  const folded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  return { ...rest, data: Object.fromEntries([...Object.entries(data ?? {}), ...folded]) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const secretStrategy: Strategy<Secret> = {
  normalise: foldStringData,
  checkUpdate: (secret, old) => [
    ...checkImmutable(secret, old),
    ...unlessSame('type', secret.type, old.type),
  ],
};

export const configMapStrategy: Strategy<ConfigMap> = { checkUpdate: checkImmutable };
