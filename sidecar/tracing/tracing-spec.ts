/** What a listener says of tracing: the connection manager's `tracing` in Envoy. */
export interface TracingSpec {
  /** Equal for equal specs: what lasts (an exporter and its queue) is found by it. */
  readonly key: string;
  /** Of 1,000,000 requests whose context decides nothing, how many are recorded (random_sampling, overall_sampling). */
  readonly share: number;
  /** The same of requests that name a trace of their client's in `x-client-trace-id` (client_sampling). */
  readonly clientShare: number;
  /** Each try is a span of its own (spawn_upstream_span). */
  readonly trySpans: boolean;
  /** OTLP, over gRPC or over HTTP with protobuf, to an endpoint of a cluster. */
  readonly exporter: {
    readonly protocol: 'grpc' | 'http';
    readonly cluster: string;
    /** Of HTTP; '/v1/traces' unless it is said. */
    readonly path: string;
    readonly authority: string;
    readonly timeoutMs: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
  };
  /** `service.name` of the resource. */
  readonly serviceName: string;
  /** Characters of `url.path` and `url.full` that are kept; 256 in Envoy. */
  readonly maxPathLength: number;
  readonly customTags: readonly CustomTag[];
}

/** Envoy's CustomTag. Environment variables are the sidecar's own. */
export type CustomTag = { readonly name: string } & (
  | { readonly from: 'literal'; readonly value: string }
  | { readonly from: 'header'; readonly header: string; readonly fallback: string }
  | { readonly from: 'environment'; readonly variable: string; readonly fallback: string }
);
