/** Which endpoint a key belongs to. Immutable; built once for a set of endpoints, whatever their health. */
export interface HashTable {
  /**
   * Index of the endpoint that a key belongs to; with `turn` 1, 2, … those that are next when it must not be used.
   * The same endpoint may come up in several turns.
   */
  owner(hash: number, turn: number): number;
}

/** What a table needs to know of an endpoint. */
export interface HashMember {
  readonly key: string;
  readonly weight: number;
}
