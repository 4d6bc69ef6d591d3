import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** How far a sidecar's notables were read: survives the node runtime, and goes with the pod. */
export interface Position {
  readonly boot: string;
  readonly seq: number;
}

const NOWHERE: Position = { boot: '', seq: 0 };

export function loadPosition(path: string): Position {
  try {
    const { boot, seq } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Position>;
    return typeof boot === 'string' && Number.isSafeInteger(seq) ? { boot, seq: seq ?? 0 } : NOWHERE;
  } catch {
    return NOWHERE;
  }
}

/** False when it cannot be written: a pod's directory goes while the last lines are read. */
export function savePosition(path: string, position: Position): boolean {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(position), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return true;
  } catch {
    return false;
  }
}
