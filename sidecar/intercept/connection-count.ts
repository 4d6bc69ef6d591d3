/** Connections that are open, and how many may be. */
export class ConnectionCount {
  readonly limit: number;
  open = 0;
  /** How many were turned away. */
  refused = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Makes room for one more: it ends by `give`, once. False when there is none. */
  take(): boolean {
    if (this.open >= this.limit) {
      this.refused += 1;
      return false;
    }
    this.open += 1;
    return true;
  }

  give(): void {
    this.open -= 1;
  }
}

/** Descriptors that are kept for all else: connections to endpoints, the control plane, the admin port, files. */
const KEPT_SHARE = 1 / 8;
const KEPT_AT_LEAST = 64;

/**
 * How many connections may come in where a process can have so many open files: one whose descriptors are all taken could
 * not even say so.
 */
export function connectionsWithin(openFiles: number): number {
  return Math.max(1, Math.min(openFiles - KEPT_AT_LEAST, Math.ceil(openFiles * (1 - KEPT_SHARE))));
}
