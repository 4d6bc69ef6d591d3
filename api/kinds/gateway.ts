import { z } from 'zod';
import { gatewayChecks } from './gateway-checks.ts';
import { LabelMap, PortNumber } from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';

const TlsVersion = z.enum(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3']);

/** Istio ServerTLSSettings. */
export const ServerTlsSettings = z.strictObject({
  /** Answers plain HTTP with 301 to https. */
  httpsRedirect: z.boolean().optional(),
  mode: z
    .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL'])
    .optional(),
  /** A Secret in the gateway's namespace: `tls.crt`, `tls.key` and, for MUTUAL, `ca.crt`. */
  credentialName: z.string().min(1).optional(),
  serverCertificate: z.string().min(1).optional(),
  privateKey: z.string().min(1).optional(),
  caCertificates: z.string().min(1).optional(),
  subjectAltNames: z.array(z.string()).optional(),
  minProtocolVersion: TlsVersion.optional(),
  maxProtocolVersion: TlsVersion.optional(),
  cipherSuites: z.array(z.string()).optional(),
});
export type ServerTlsSettings = z.infer<typeof ServerTlsSettings>;

export const GatewayServer = z.strictObject({
  port: z.strictObject({
    number: PortNumber,
    protocol: z.enum(['HTTP', 'HTTPS', 'GRPC', 'HTTP2', 'MONGO', 'TCP', 'TLS']),
    name: z.string().min(1),
  }),
  /** Address to listen on; every one unless set. */
  bind: z.string().optional(),
  /** `HOST` or `NAMESPACE/HOST`. */
  hosts: z.array(z.string().min(1)).min(1),
  tls: ServerTlsSettings.optional(),
  name: z.string().optional(),
});
export type GatewayServer = z.infer<typeof GatewayServer>;

/** Istio Gateway: what the selected gateway pods listen for. */
export const GatewaySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Gateway'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    servers: z.array(GatewayServer).min(1),
    /** Labels of the gateway pods, in any namespace. */
    selector: LabelMap.optional(),
  }),
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type Gateway = z.infer<typeof GatewaySchema>;

export const Gateway = defineKind<Gateway>({
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'Gateway',
  plural: 'gateways',
  shortNames: ['gw'],
  categories: ['istio-io', 'networking-istio-io'],
  subresources: ['status'],
  schema: GatewaySchema,
  checks: gatewayChecks,
  columns: [{ name: 'Age', type: 'date', value: (gateway) => gateway.metadata.creationTimestamp ?? '' }],
});
