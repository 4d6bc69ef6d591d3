import type { Kind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { type Client, isReason } from './client.ts';

/** Writers of one object are few; more losses in a row than this mean that somebody writes in a loop. */
const MAX_TRIES = 10;

export interface Change<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The new object, or undefined when nothing needs to change. Asked again with the newest state after a conflict. */
  readonly change: (current: Stored<T>) => T | undefined;
}

/**
 * Reads, changes and writes with compare-and-swap until no other writer comes between. Resolves with the stored
 * object, or undefined when it does not exist. `status` writes the status alone.
 */
export async function changeObject<T extends KubeObject>(
  client: Client,
  request: Change<T>,
  part: 'object' | 'status' = 'object',
): Promise<Stored<T> | undefined> {
  for (let tries = 1; ; tries += 1) {
    const current = await client.get(request.kind, request.namespace, request.name);
    if (current === undefined) return undefined;
    const next = request.change(current);
    if (next === undefined) return current;
    try {
      return part === 'status'
        ? await client.updateStatus(request.kind, next)
        : await client.update(request.kind, next);
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      if (!isReason(error, 'Conflict') || tries === MAX_TRIES) throw error;
    }
  }
}
