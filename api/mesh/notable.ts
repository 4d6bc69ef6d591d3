/**
 * What a sidecar tells its node of what is notable about upstreams: JSON lines on its admin socket,
 * `GET /notables?boot=…&after=…`. The node writes it as Events, since it alone knows the API.
 *
 *   {"boot":"k3x","seq":7,"atMs":…,"what":"ejected","service":"web.shop.svc.cluster.local",…}
 *   {"boot":"k3x","seq":9,"missed":2}     8 and 9 are no longer known
 *                                         an empty line now and then says that the sidecar is there
 */
export const CAUSES = [
  'consecutive-5xx',
  'consecutive-gateway-failure',
  'consecutive-local-origin-failure',
  'success-rate',
  'success-rate-local-origin',
  'failure-percentage',
  'failure-percentage-local-origin',
  'trial',
] as const;
export const BREAKERS = ['connections', 'pending', 'requests', 'retries'] as const;

export type NotableFact =
  | {
      readonly what: 'ejected';
      /** Full name. */
      readonly service: string;
      readonly endpoint: string;
      readonly cause: (typeof CAUSES)[number];
      readonly forMs: number;
    }
  | { readonly what: 'returned'; readonly service: string; readonly endpoint: string }
  | {
      readonly what: 'breaker-opened';
      readonly service: string;
      readonly breaker: (typeof BREAKERS)[number];
      /** The ceiling that was met. */
      readonly limit: number;
    }
  | {
      readonly what: 'breaker-closed';
      readonly service: string;
      readonly breaker: (typeof BREAKERS)[number];
      /** What it had no room for meanwhile. */
      readonly refused: number;
    };

interface Numbered {
  /** Names the process of the sidecar: numbers start again with each. */
  readonly boot: string;
  readonly seq: number;
}

export type Notable = NotableFact & Numbered & { readonly atMs: number };

/** So many up to this number are no longer known. */
export interface Missed extends Numbered {
  readonly missed: number;
}

export const NOTABLES_PATH = '/notables';
/** How often an empty line comes when there is nothing to tell. */
export const NOTABLES_HEARTBEAT_MS = 15_000;
