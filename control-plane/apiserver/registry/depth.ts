import { badRequest } from './statuses.ts';

/** Deeper input is refused: everything that walks objects is recursive. */
const MAX_DEPTH = 64;

/** The value itself, or an ApiError `BadRequest`. */
export function requireShallow(value: unknown): unknown {
  descend(value, MAX_DEPTH);
  return value;
}

function descend(value: unknown, levels: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (levels === 0) throw badRequest(`the object is nested deeper than ${MAX_DEPTH} levels`);
  for (const member of Object.values(value)) descend(member, levels - 1);
}
