/** More chains with limits than a listener has; the oldest are forgotten, and begin anew. */
const MAX_CHAINS = 1024;

interface Kept<Limit> {
  readonly policy: string;
  readonly limit: Limit;
}

/**
 * What counts for limits, by the chain that has them: a chain that comes again with another part changed goes on counting,
 * or else each push would fill all buckets.
 */
export class KeptLimits<Policy, Limit> {
  readonly #make: (policy: Policy) => Limit;
  readonly #byChain = new Map<string, Kept<Limit>>();

  constructor(make: (policy: Policy) => Limit) {
    this.#make = make;
  }

  /** Without a chain, a limit of its own; without a policy, none. Policies are plain values. */
  of(chain: string | undefined, policy: Policy | undefined): Limit | undefined {
    if (policy === undefined) return undefined;
    if (chain === undefined) return this.#make(policy);
    const text = JSON.stringify(policy);
    const known = this.#byChain.get(chain);
    if (known?.policy === text) return known.limit;
    const limit = this.#make(policy);
    this.#byChain.delete(chain);
    this.#byChain.set(chain, { policy: text, limit });
    if (this.#byChain.size > MAX_CHAINS) this.#byChain.delete(this.#byChain.keys().next().value!);
    return limit;
  }
}
