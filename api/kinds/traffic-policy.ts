/** What a DestinationRule says of a destination, of a subset of it and of one of its ports: Istio's TrafficPolicy. */
import { z } from 'zod';
import { DurationOrZero, IstioDuration, PortSelector } from './istio-values.ts';

const Uint32 = z.int().min(0).max(0xffff_ffff);

export const ConsistentHash = z.strictObject({
  httpHeaderName: z.string().min(1).optional(),
  httpCookie: z
    .strictObject({
      name: z.string().min(1),
      path: z.string().optional(),
      /** `0s` makes a session cookie; without it a cookie is only read, never made. */
      ttl: DurationOrZero.optional(),
    })
    .optional(),
  useSourceIp: z.boolean().optional(),
  httpQueryParameterName: z.string().min(1).optional(),
  /** Istio's default algorithm, with at least 1024 virtual nodes. */
  ringHash: z.strictObject({ minimumRingSize: Uint32.optional() }).optional(),
  maglev: z.strictObject({ tableSize: Uint32.optional() }).optional(),
  /** Istio's older place for the ring's size. */
  minimumRingSize: Uint32.optional(),
});
export type ConsistentHash = z.infer<typeof ConsistentHash>;

/** Localities are `REGION/ZONE/SUBZONE`, the last parts optional or `*`. */
export const LocalityLbSetting = z.strictObject({
  distribute: z
    .array(z.strictObject({ from: z.string(), to: z.record(z.string(), z.int().min(0).max(100)) }))
    .optional(),
  failover: z.array(z.strictObject({ from: z.string(), to: z.string() })).optional(),
  failoverPriority: z.array(z.string().min(1)).optional(),
  enabled: z.boolean().optional(),
});
export type LocalityLbSetting = z.infer<typeof LocalityLbSetting>;

export const LoadBalancerSettings = z.strictObject({
  /** Absent or UNSPECIFIED: peak-EWMA, weft's default. */
  simple: z
    .enum(['UNSPECIFIED', 'ROUND_ROBIN', 'LEAST_REQUEST', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH'])
    .optional(),
  consistentHash: ConsistentHash.optional(),
  localityLbSetting: LocalityLbSetting.optional(),
  /** Istio's older form of `warmup.duration`. */
  warmupDurationSecs: IstioDuration.optional(),
  warmup: z
    .strictObject({
      duration: IstioDuration,
      /** Percent of its share that a new endpoint starts with; 10 by default. */
      minimumPercent: z.number().min(0).max(100).optional(),
      /** Exponent of the ramp; 1 (linear) by default. */
      aggression: z.number().min(1).optional(),
    })
    .optional(),
});
export type LoadBalancerSettings = z.infer<typeof LoadBalancerSettings>;

export const ConnectionPoolSettings = z.strictObject({
  tcp: z
    .strictObject({
      maxConnections: Uint32.optional(),
      connectTimeout: IstioDuration.optional(),
      tcpKeepalive: z
        .strictObject({
          probes: Uint32.optional(),
          time: IstioDuration.optional(),
          interval: IstioDuration.optional(),
        })
        .optional(),
      maxConnectionDuration: IstioDuration.optional(),
      idleTimeout: DurationOrZero.optional(),
    })
    .optional(),
  http: z
    .strictObject({
      http1MaxPendingRequests: Uint32.optional(),
      http2MaxRequests: Uint32.optional(),
      maxRequestsPerConnection: Uint32.optional(),
      maxRetries: Uint32.optional(),
      idleTimeout: DurationOrZero.optional(),
    })
    .optional(),
});
export type ConnectionPoolSettings = z.infer<typeof ConnectionPoolSettings>;

export const OutlierDetectionSettings = z.strictObject({
  splitExternalLocalOriginErrors: z.boolean().optional(),
  consecutiveLocalOriginFailures: Uint32.optional(),
  consecutiveGatewayErrors: Uint32.optional(),
  /** 5 by default; 0 switches it off. */
  consecutive5xxErrors: Uint32.optional(),
  /** Istio's older name of `consecutiveGatewayErrors`. */
  consecutiveErrors: Uint32.optional(),
  interval: IstioDuration.optional(),
  baseEjectionTime: IstioDuration.optional(),
  maxEjectionPercent: z.int().min(0).max(100).optional(),
  /** Below this share of healthy endpoints all are used (Envoy's panic threshold). */
  minHealthPercent: z.int().min(0).max(100).optional(),
});
export type OutlierDetectionSettings = z.infer<typeof OutlierDetectionSettings>;

export const ClientTlsSettings = z.strictObject({
  mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']),
  /** A Secret in the client's namespace. */
  credentialName: z.string().min(1).optional(),
  /** Paths that the sidecar reads. */
  clientCertificate: z.string().min(1).optional(),
  privateKey: z.string().min(1).optional(),
  caCertificates: z.string().min(1).optional(),
  subjectAltNames: z.array(z.string().min(1)).optional(),
  sni: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
});
export type ClientTlsSettings = z.infer<typeof ClientTlsSettings>;

export const RetryBudget = z.strictObject({
  /** Of the requests under way; 20 by default. */
  percent: z.number().min(0).max(100).optional(),
  /** Retries that are always allowed at a time; 3 by default. */
  minRetryConcurrency: Uint32.optional(),
});
export type RetryBudget = z.infer<typeof RetryBudget>;

const SETTINGS = {
  loadBalancer: LoadBalancerSettings.optional(),
  connectionPool: ConnectionPoolSettings.optional(),
  outlierDetection: OutlierDetectionSettings.optional(),
  tls: ClientTlsSettings.optional(),
};

export const PortTrafficPolicy = z.strictObject({ port: PortSelector, ...SETTINGS });
export type PortTrafficPolicy = z.infer<typeof PortTrafficPolicy>;

export const TrafficPolicy = z.strictObject({
  ...SETTINGS,
  /** Replaces the settings above for one port: what it does not say is the default, not the above (Istio). */
  portLevelSettings: z.array(PortTrafficPolicy).optional(),
  retryBudget: RetryBudget.optional(),
});
export type TrafficPolicy = z.infer<typeof TrafficPolicy>;
