import { expect, test } from 'vitest';
import { protocolOf } from './protocol.ts';

test.each([
  [{ name: 'http' }, 'http'],
  [{ name: 'http-web' }, 'http'],
  [{ name: 'HTTP-web' }, 'http'],
  [{ name: 'grpc-web' }, 'http'],
  [{ name: 'grpc-web-api' }, 'http'],
  [{ name: 'http2' }, 'tcp'],
  [{ name: 'grpc-api' }, 'tcp'],
  [{ name: 'https' }, 'tls'],
  [{ name: 'tls-x' }, 'tls'],
  [{ name: 'tcp' }, 'tcp'],
  [{ name: 'mysql-primary' }, 'tcp'],
  [{ name: 'redis' }, 'tcp'],
  [{ name: 'mongo' }, 'tcp'],
  [{ name: 'web' }, 'detect'],
  [{ name: 'httpserver' }, 'detect'],
  [{ name: 'constructor' }, 'detect'],
  [{}, 'detect'],
  [{ name: 'tcp', appProtocol: 'http' }, 'http'],
  [{ name: 'http', appProtocol: 'tcp' }, 'tcp'],
  [{ name: 'http', appProtocol: 'kubernetes.io/h2c' }, 'tcp'],
  [{ name: 'http', appProtocol: 'kubernetes.io/ws' }, 'http'],
  [{ name: 'http', appProtocol: 'example.com/custom' }, 'detect'],
] as const)('%j is %s', (port, protocol) => {
  expect(protocolOf(port)).toBe(protocol);
});
