/** What the sidecar does with a port's connections. `tls` passes through by SNI, `detect` looks at the first bytes. */
export type Protocol = 'http' | 'tcp' | 'tls' | 'detect';

/**
 * Istio's protocol words. HTTP/2 and gRPC are carried as opaque connections until the sidecar speaks HTTP/2: right
 * bytes, balanced by connection and not by request.
 */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  http: 'http',
  'grpc-web': 'http',
  'kubernetes.io/ws': 'http',
  http2: 'tcp',
  grpc: 'tcp',
  'kubernetes.io/h2c': 'tcp',
  'kubernetes.io/wss': 'tcp',
  https: 'tls',
  tls: 'tls',
  tcp: 'tcp',
  mongo: 'tcp',
  redis: 'tcp',
  mysql: 'tcp',
  thrift: 'tcp',
  hbone: 'tcp',
};

/**
 * Istio's protocol selection: `appProtocol` when it is there, else the port's name up to the first `-`; anything
 * that is not a protocol's word is detected.
 */
export function protocolOf(port: { name?: string | undefined; appProtocol?: string | undefined }): Protocol {
  const word = (port.appProtocol ?? port.name ?? '').toLowerCase();
  if (Object.hasOwn(PROTOCOLS, word)) return PROTOCOLS[word]!;
  if (word.startsWith('grpc-web-')) return 'http';
  const prefix = word.split('-', 1)[0] ?? '';
  return Object.hasOwn(PROTOCOLS, prefix) ? PROTOCOLS[prefix]! : 'detect';
}
