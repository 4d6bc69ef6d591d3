import type { Random } from '#api/foundation/random.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { ForwardPolicy } from './forward-policy.ts';
import type { ForwardDecision, RejectDecision, RouteDecision } from './route-table.ts';

/** What a matched route does. */
export interface Action {
  decide(): RouteDecision;
}

/**
 * Forwards to one cluster, asked for by name at each request. The decision is made once per cluster and handed out
 * again, so that a request costs a look-up and no allocation.
 */
export class ToCluster implements Action {
  readonly #clusters: ClusterDirectory;
  readonly #name: string;
  readonly #policy: ForwardPolicy;
  readonly #missing: RejectDecision;
  #decision: ForwardDecision | undefined;

  constructor(clusters: ClusterDirectory, name: string, policy: ForwardPolicy) {
    this.#clusters = clusters;
    this.#name = name;
    this.#policy = policy;
    this.#missing = {
      kind: 'reject',
      status: policy.notFoundStatus,
      flag: 'NC',
      reason: `route "${policy.route}" names cluster "${name}", which does not exist`,
    };
  }

  decide(): RouteDecision {
    const cluster = this.#clusters.get(this.#name);
    if (cluster === undefined) return this.#missing;
    const ready = this.#decision;
    if (ready !== undefined && ready.cluster === cluster) return ready;
    const { notFoundStatus: _, ...policy } = this.#policy;
    this.#decision = { kind: 'forward', cluster, ...policy };
    return this.#decision;
  }
}

/** Answers the same to every request: a redirect or a direct response. */
export class Answer implements Action {
  readonly #decision: RouteDecision;

  constructor(decision: RouteDecision) {
    this.#decision = decision;
  }

  decide(): RouteDecision {
    return this.#decision;
  }
}

/** Draws one of several by weight. */
export class ByWeight implements Action {
  readonly #choices: readonly { readonly weight: number; readonly action: Action }[];
  readonly #total: number;
  readonly #random: Random;

  /** The sum of the weights is above 0. */
  constructor(choices: readonly { weight: number; action: Action }[], random: Random) {
    this.#choices = choices.filter(({ weight }) => weight > 0);
    this.#total = this.#choices.reduce((sum, { weight }) => sum + weight, 0);
    this.#random = random;
  }

  decide(): RouteDecision {
    let left = this.#random() * this.#total;
    for (const { weight, action } of this.#choices) {
      left -= weight;
      if (left < 0) return action.decide();
    }
    return this.#choices[0]!.action.decide();
  }
}
