import { expect, test } from 'vitest';
import { envoyConfig } from './envoy.ts';
import { haproxyConfig } from './haproxy.ts';
import { httpBlock, nginxConfig, nginxPart } from './nginx.ts';
import { PEER_METADATA, PEER_METADATA_HEADER } from './peer.ts';

test.each(['http', 'tcp'] as const)('HAProxy has one thread and never splices: %s', (mode) => {
  const config = haproxyConfig(1_000, { mode, to: 2_000 });
  expect(config).toContain('nbthread 1');
  expect(config).toContain(`mode ${mode}`);
  expect(config).not.toContain('splice');
  expect(config.includes('http-reuse always')).toBe(mode === 'http');
});

test('HAProxy splices only where it is asked to', () => {
  const config = haproxyConfig(1_000, { mode: 'tcp', to: 2_000 }, { splices: true });
  expect(config).toContain('option splice-request');
  expect(config).toContain('option splice-response');
});

test('HAProxy has its own size of buffers but where another is asked for', () => {
  const task = { mode: 'tcp', to: 2_000, bulk: true } as const;
  expect(haproxyConfig(1_000, task)).not.toContain('bufsize');
  expect(haproxyConfig(1_000, task, { bufferBytes: 65_536 })).toContain('tune.bufsize 65536');
});

test.each(['http', 'tcp'] as const)(
  'buffers of nginx are as large as those of weft where bytes count: %s',
  (mode) => {
    const some = { mode, to: 2_000 } as const;
    const many = { ...some, bulk: true };
    const directive = mode === 'tcp' ? 'proxy_buffer_size 65536;' : 'client_body_buffer_size 65536;';
    expect(nginxPart(1_000, some)).not.toContain(directive);
    expect(nginxPart(1_000, many)).toContain(directive);
  },
);

test('all of them add the same metadata', () => {
  const task = { mode: 'http', to: 2_000 } as const;
  expect(haproxyConfig(1_000, task)).toContain(`${PEER_METADATA_HEADER} ${PEER_METADATA}`);
  expect(JSON.stringify(envoyConfig(1_000, task))).toContain(
    JSON.stringify({ key: PEER_METADATA_HEADER, value: PEER_METADATA }),
  );
});

test('Envoy logs no access and its breakers are out of the way', () => {
  const config = JSON.stringify(envoyConfig(1_000, { mode: 'http', to: 2_000 }));
  expect(config).not.toContain('access_log');
  expect(config).not.toContain('"admin"');
  expect(config).toMatch(/"max_requests":\d{5}/);
});

test('nginx listens only where it is told and writes only into its directory', () => {
  const config = nginxConfig('/tmp/x', 1_000, httpBlock('server { listen 127.0.0.1:1000; }'));
  expect(config.match(/listen [^;]*/g)).toEqual(['listen 127.0.0.1:1000']);
  expect(config).toContain('pid /tmp/x/nginx-1000.pid');
  expect(config).toContain('access_log off');
  for (const path of config.match(/_temp_path [^;]*/g) ?? []) expect(path).not.toContain('/');
});
