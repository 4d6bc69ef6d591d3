/** One address that a name has now, and for how long. */
export interface ResolvedAddress {
  readonly address: string;
  readonly ttlMs: number;
}

/** Asks the name servers of this machine. */
export interface NameResolver {
  /** Rejects when nobody answers or the name is not there. */
  resolve(name: string, family: 4 | 6): Promise<readonly ResolvedAddress[]>;
}
