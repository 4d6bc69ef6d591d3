import type { EndpointWorkload } from '#api/xds/node-metadata.ts';

/** How one try ended, as the balancer sees it. */
export type Outcome =
  | 'success'
  /** 5xx but the next. */
  | 'server-error'
  /** 502, 503 or 504: the endpoint speaks for somebody behind it, or is not serving. */
  | 'gateway-error'
  /** Local origin: the endpoint was not heard at all. */
  | 'connect-failure'
  | 'timeout'
  | 'reset'
  /** Given up by the caller: says nothing of the endpoint. */
  | 'cancelled';

/** One address behind a cluster. Lives as long as the address stays in the cluster, across updates. */
export interface Endpoint {
  /** `ADDRESS:PORT` */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly workload: EndpointWorkload | undefined;
  /** Source address to bind, when the cluster asks for one (inbound: 127.0.0.6). */
  readonly localAddress: string | undefined;
  /** Requests (or opaque connections) under way. */
  active: number;
  /** True once the address left its cluster: pools close its idle connections. */
  readonly removed?: boolean;
  /** How often outlier detection has put it out. Absent: nobody watches it. */
  readonly ejections?: number;
  /** A try begins: `active` rises. Returns the start, milliseconds of the cluster's clock; `nowMs` if that was just read. */
  begin(nowMs?: number): number;
  /**
   * A try that began at `startMs` ended, at `nowMs` if that was just read; feeds the balancer. For opaque TCP the latency is
   * the connect time.
   */
  end(startMs: number, outcome: Outcome, nowMs?: number): void;
}
