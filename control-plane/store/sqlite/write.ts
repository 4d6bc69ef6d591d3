import type { Change, WriteResult } from '../store.ts';
import type { Statements } from './statements.ts';

export type Write =
  | { readonly type: 'create'; readonly key: string; readonly value: string }
  | { readonly type: 'update'; readonly key: string; readonly value: string; readonly expected: number }
  | { readonly type: 'delete'; readonly key: string; readonly expected: number | undefined };

export interface Applied {
  readonly result: WriteResult;
  /** What the write changed; absent when it was refused. */
  readonly change?: Change;
}

/** Carries out one write inside the running transaction, at `revision` when it changes something. */
export function applyWrite(statements: Statements, write: Write, revision: number): Applied {
  const current = statements.get(write.key);
  if (write.type === 'create') {
    if (current !== undefined) return { result: { outcome: 'exists', current } };
  } else {
    if (current === undefined) return { result: { outcome: 'absent' } };
    if (write.expected !== undefined && write.expected !== current.revision) {
      return { result: { outcome: 'conflict', current } };
    }
  }
  const change: Change = {
    type: write.type === 'delete' ? 'delete' : 'put',
    key: write.key,
    value: write.type === 'delete' ? (current?.value ?? '') : write.value,
    created: write.type === 'create',
    revision,
    previous: current?.value,
  };
  statements.append(change, current?.revision);
  return { result: { outcome: 'written', revision }, change };
}
