import { SERVICE } from '../weft/mesh-plan.ts';

/** What clients call the service: sidecars route by it. */
export const AUTHORITY = `${SERVICE.name}.${SERVICE.namespace}`;

/** A head of about 400 bytes, as a browser or an API client sends it. */
export const CLIENT_HEADERS: readonly string[] = [
  `Host: ${AUTHORITY}`,
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) mesh-bench/1.0',
  'Accept: application/json, text/plain, */*',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-US,en;q=0.9',
  'Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnopqrstuvwxyz0123456789',
  'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
];

/** The same as the outbound sidecar of another workload passes it on: an id, a trace and the sender's metadata are there already. */
export const SIDECAR_HEADERS: readonly string[] = [
  ...CLIENT_HEADERS,
  'x-request-id: 7c1f2a34-8f4e-4b0e-9a57-2a7d1f6b9c10',
  'x-forwarded-proto: http',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  `x-envoy-peer-metadata: ${Buffer.alloc(180, 'peer').toString('base64')}`,
];
