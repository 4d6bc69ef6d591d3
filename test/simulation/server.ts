import type { Random } from '#api/foundation/random.ts';
import type { Outcome } from '#sidecar/upstream/endpoint.ts';
import type { EndpointAddress } from '#sidecar/upstream/tracked-endpoint.ts';

/** How one try went at a server. */
export interface Answer {
  readonly tookMs: number;
  readonly outcome: Outcome;
}

/** How a server is now. */
export type Condition =
  | { readonly kind: 'well' }
  /** Answers, so many times slower. */
  | { readonly kind: 'slow'; readonly factor: number }
  /** Answers 503 at once. */
  | { readonly kind: 'refusing' }
  /** Does not listen. */
  | { readonly kind: 'down' }
  /** Takes requests and never answers. */
  | { readonly kind: 'hung'; readonly timeoutMs: number }
  /** Answers 500 to this share of the requests. */
  | { readonly kind: 'flaky'; readonly share: number };

export const WELL: Condition = { kind: 'well' };

/** An instance of the service. Its latency is spread by ±20 %. */
export class Server {
  readonly address: EndpointAddress;
  readonly meanMs: number;
  condition: Condition = WELL;
  /** Tries that it got. */
  tries = 0;

  constructor(address: EndpointAddress, meanMs: number) {
    this.address = address;
    this.meanMs = meanMs;
  }

  answer(random: Random): Answer {
    this.tries += 1;
    const tookMs = this.meanMs * (0.8 + 0.4 * random());
    const { condition } = this;
    switch (condition.kind) {
      case 'well':
        return { tookMs, outcome: 'success' };
      case 'slow':
        return { tookMs: tookMs * condition.factor, outcome: 'success' };
      case 'refusing':
        return { tookMs: tookMs / 10, outcome: 'gateway-error' };
      case 'down':
        return { tookMs: 0.2, outcome: 'connect-failure' };
      case 'hung':
        return { tookMs: condition.timeoutMs, outcome: 'timeout' };
      case 'flaky':
        return { tookMs, outcome: random() < condition.share ? 'server-error' : 'success' };
    }
  }
}
