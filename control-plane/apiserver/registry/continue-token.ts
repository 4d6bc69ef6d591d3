import { badRequest } from './statuses.ts';

/** Where a list goes on: after that key, below the collection, at the revision where it began. */
export interface Continue {
  readonly revision: number;
  readonly after: string;
}

export function encodeContinue({ revision, after }: Continue): string {
  return Buffer.from(JSON.stringify([revision, after])).toString('base64url');
}

/** Throws an ApiError `BadRequest` for anything that is no token of this server. */
export function decodeContinue(token: string): Continue {
  try {
    const [revision, after] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [unknown, unknown];
    if (Number.isSafeInteger(revision) && typeof after === 'string') {
      return { revision: revision as number, after };
    }
  } catch {
    // Not JSON: refused below, like JSON of another shape.
  }
  throw badRequest('the continue token is not one that this server gave');
}
