/** The Event of one notable thing: about what, and in which words. Pure. */
import type { NotableFact } from '#api/mesh/notable.ts';

export interface EventWords {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'EndpointEjected' | 'EndpointReturned' | 'CircuitBreakerOpen' | 'CircuitBreakerClosed';
  readonly message: string;
  /** `ADDRESS` of the pod that it is about beside its service. */
  readonly address: string | undefined;
}

const REASONS = {
  'consecutive-5xx': 'it failed several times in a row',
  'consecutive-gateway-failure': 'gateway errors came several times in a row',
  'consecutive-local-origin-failure': 'it could not be reached several times in a row',
  'success-rate': 'it fails more often than the others do',
  'success-rate-local-origin': 'it cannot be reached more often than the others',
  'failure-percentage': 'too many of its answers are failures',
  'failure-percentage-local-origin': 'too often it cannot be reached',
  trial: 'it failed again at its trial',
} as const;

const REFUSED = {
  connections: 'connections',
  pending: 'requests that wait for a connection',
  requests: 'requests under way',
  retries: 'retries under way',
} as const;

/** `reporter`: `NAMESPACE/POD` of the sidecar that saw it. */
export function wordsOf(fact: NotableFact, reporter: string): EventWords {
  switch (fact.what) {
    case 'ejected':
      return {
        type: 'Warning',
        reason: 'EndpointEjected',
        message: `${reporter} ejected endpoint ${fact.endpoint} of ${fact.service} for ${fact.forMs / 1000} s: ${REASONS[fact.cause]} (${fact.cause})`,
        address: addressOf(fact.endpoint),
      };
    case 'returned':
      return {
        type: 'Normal',
        reason: 'EndpointReturned',
        message: `${reporter} took endpoint ${fact.endpoint} of ${fact.service} back`,
        address: addressOf(fact.endpoint),
      };
    case 'breaker-opened':
      return {
        type: 'Warning',
        reason: 'CircuitBreakerOpen',
        message: `${reporter} refuses what goes to ${fact.service}: there are as many ${REFUSED[fact.breaker]} as may be (${fact.limit})`,
        address: undefined,
      };
    case 'breaker-closed':
      return {
        type: 'Normal',
        reason: 'CircuitBreakerClosed',
        message: `${reporter} refuses nothing more of what goes to ${fact.service} for its ${REFUSED[fact.breaker]}`,
        address: undefined,
      };
  }
}

function addressOf(endpoint: string): string | undefined {
  const colon = endpoint.lastIndexOf(':');
  return colon < 0 ? undefined : endpoint.slice(0, colon);
}
