import { z } from 'zod';
import { IstioDuration, PortNumber } from '#api/kinds/istio-values.ts';

/** How an export travels is not for its headers to say. */
const OWN_HEADERS =
  /^(?:content-type|content-length|content-encoding|te|host|connection|transfer-encoding|grpc-.*)$/;

/** Istio HttpHeader: a line that goes with every export. Taken from no environment (`envName` is refused). */
const Header = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header')
    .refine((name) => !OWN_HEADERS.test(name.toLowerCase()), 'is a header that exporters set themselves'),
  value: z.string().regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII'),
});

/** Istio OpenTelemetryTracingProvider. Neither `grpc` nor `http` said: gRPC. */
export const OpenTelemetryProvider = z.strictObject({
  /** Full name of the collector's service, or `NAMESPACE/NAME`. */
  service: z
    .string()
    .regex(
      /^(?:[a-z0-9-]{1,63}\/)?[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i,
      'must be the name of a service, or NAMESPACE/NAME',
    ),
  port: PortNumber,
  /** Characters of the paths of requests that are kept; Envoy's 256 unless set. */
  maxTagLength: z.int().min(1).max(65_535).optional(),
  http: z
    .strictObject({
      path: z.string().regex(/^\/[!"$-~]*$/, 'must be a path that begins with /, and a query at most'),
      timeout: IstioDuration.optional(),
      headers: z.array(Header).max(32).optional(),
    })
    .optional(),
  grpc: z
    .strictObject({
      timeout: IstioDuration.optional(),
      initialMetadata: z.array(Header).max(32).optional(),
    })
    .optional(),
});
export type OpenTelemetryProvider = z.infer<typeof OpenTelemetryProvider>;

/** Istio EnvoyFileAccessLogProvider. Lines go to standard output, where the node keeps them: there is no other path. */
export const FileAccessLogProvider = z.strictObject({
  path: z.enum(['/dev/stdout']).optional(),
  logFormat: z
    .strictObject({
      text: z.string().min(1).optional(),
      /** An object of JSON, each value a text with command operators. */
      labels: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  omitEmptyValues: z.boolean().optional(),
});
export type FileAccessLogProvider = z.infer<typeof FileAccessLogProvider>;

/** Istio MeshConfig.ExtensionProvider: exactly one beside the name. */
export const ExtensionProvider = z.strictObject({
  name: z.string().min(1),
  opentelemetry: OpenTelemetryProvider.optional(),
  envoyFileAccessLog: FileAccessLogProvider.optional(),
  prometheus: z.strictObject({}).optional(),
});
export type ExtensionProvider = z.infer<typeof ExtensionProvider>;
