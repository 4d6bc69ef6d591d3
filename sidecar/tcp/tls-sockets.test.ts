import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
import { Authority, type Certificate } from '#sidecar/security/testing/certificates.ts';
import type { UpstreamTls } from '#sidecar/upstream/cluster.ts';
import { DEFAULT_CONNECTIONS } from '#sidecar/upstream/cluster-policy.ts';
import { Attempt } from './attempt.ts';
import { Deadlines } from './deadlines.ts';

let authority: Authority;
let stranger: Authority;
let good: Certificate;
let expired: Certificate;
let client: Certificate;

beforeAll(async () => {
  authority = await Authority.create('test authority');
  stranger = await Authority.create('strange authority');
  good = await authority.issue({
    dns: ['app.test', '*.wild.test'],
    uri: ['spiffe://cluster.local/ns/a/sa/b'],
    ip: ['127.0.0.1'],
  });
  expired = await authority.issue({ dns: ['app.test'] }, -1);
  client = await authority.issue({ dns: ['client.test'] });
});

function tlsWith(fields: Partial<UpstreamTls>): UpstreamTls {
  const { certificate: ca } = authority;
  return { sni: 'app.test', alpn: [], ca, certificate: undefined, subjectAltNames: [], ...fields };
}

interface App extends AsyncDisposable {
  readonly port: number;
}

async function startTlsApp(options: TlsOptions, answer: (text: string) => string | undefined): Promise<App> {
  const server = createServer(options, (socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const reply = answer(text);
      if (reply === undefined) return;
      text = '';
      socket.write(reply);
    });
    socket.on('end', () => socket.end());
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

function clusterOf(port: number, tls: UpstreamTls): FakeCluster {
  const cluster = new FakeCluster(new FakeEndpoint(port));
  cluster.connections = { ...DEFAULT_CONNECTIONS, tls };
  return cluster;
}

/** How a connect ends: `connected`, or why it failed. */
function outcomeOf(port: number, tls: UpstreamTls): Promise<string> {
  const settings = { clock: systemClock, deadlines: new Deadlines(systemClock) };
  return new Promise((resolve) => {
    const attempt = new Attempt(clusterOf(port, tls), { address: '127.0.0.1', port }, settings, {
      onEstablished: ({ wire, release }) => {
        release('success');
        wire.destroy();
        resolve('connected');
      },
      onFailed: (_flag, reason) => resolve(reason.replace(/^.*app\.test: /, '')),
    });
    attempt.start();
  });
}

const plainOf = ({ chain: cert, key }: Certificate): TlsOptions => ({ cert, key });
const UNTRUSTED = 'its certificate is of an authority that is not trusted';

describe('a certificate', () => {
  test.each<[string, () => TlsOptions, () => Partial<UpstreamTls>, string]>([
    ['of the name that is asked for', () => plainOf(good), () => ({}), 'connected'],
    ['of a wildcard', () => plainOf(good), () => ({ sni: 'a.wild.test' }), 'connected'],
    [
      'of a wildcard two labels above',
      () => plainOf(good),
      () => ({ sni: 'a.b.wild.test' }),
      'its certificate is for DNS:app.test, DNS:*.wild.test, URI:spiffe://cluster.local/ns/a/sa/b, IP Address:127.0.0.1, not for a.b.wild.test',
    ],
    [
      'of an identity',
      () => plainOf(good),
      () => ({ sni: '', subjectAltNames: ['x.test', 'spiffe://cluster.local/ns/a/sa/b'] }),
      'connected',
    ],
    [
      'of another identity',
      () => plainOf(good),
      () => ({ subjectAltNames: ['spiffe://cluster.local/ns/a/sa/c'] }),
      'its certificate is for DNS:app.test, DNS:*.wild.test, URI:spiffe://cluster.local/ns/a/sa/b, IP Address:127.0.0.1, not for spiffe://cluster.local/ns/a/sa/c',
    ],
    ['of an address', () => plainOf(good), () => ({ subjectAltNames: ['127.0.0.1'] }), 'connected'],
    ['that has expired', () => plainOf(expired), () => ({}), 'its certificate has expired'],
    ['of a stranger', () => plainOf(good), () => ({ ca: stranger.certificate }), UNTRUSTED],
    ['that the system does not know', () => plainOf(good), () => ({ ca: undefined }), UNTRUSTED],
    ['that nobody looks at', () => plainOf(expired), () => ({ ca: '', sni: 'any.test' }), 'connected'],
    [
      'of the client, where it is asked for',
      () => ({
        ...plainOf(good),
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: 'TLSv1.2',
      }),
      () => ({ certificate: client }),
      'connected',
    ],
  ])('%s', async (_, server, fields, outcome) => {
    await using app = await startTlsApp(server(), () => undefined);
    expect(await outcomeOf(app.port, tlsWith(fields()))).toBe(outcome);
  });

  test('is not there where no TLS is spoken', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).end('hello, who is there?\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await outcomeOf(port, tlsWith({}))).toBe('it does not speak TLS');
    server.close();
  });

  test('is not there where nobody listens', async () => {
    expect(await outcomeOf(1, tlsWith({}))).toBe('ECONNREFUSED');
  });
});

describe('over TLS', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

  test('requests share a connection', async () => {
    let connections = 0;
    await using app = await startTlsApp(
      {
        ...plainOf(good),
        SNICallback: (_name, done) => {
          connections += 1;
          done(null);
        },
      },
      (text) => (text.includes('\r\n\r\n') ? OK : undefined),
    );
    const cluster = clusterOf(app.port, tlsWith({ alpn: ['http/1.1'] }));
    await using sidecar = await startSidecar(targetOf({ cluster }));
    const caller = sidecar.connect();
    for (let i = 0; i < 3; i++) {
      caller.send('GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
      expect(await caller.response()).toContain('200 OK');
    }
    expect(connections).toBe(1);
  });

  test('a request says why its endpoint is not believed', async () => {
    await using app = await startTlsApp(plainOf(expired), () => undefined);
    await using sidecar = await startSidecar(targetOf({ cluster: clusterOf(app.port, tlsWith({})) }));
    const caller = sidecar.connect();
    caller.send('GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
    expect(await caller.response()).toMatch(/^HTTP\/1.1 503 .*its certificate has expired/s);
  });

  test('opaque bytes pass in any amount, and ends stay apart', async () => {
    const text = 'x'.repeat(3_000_000);
    await using app = await startTlsApp(plainOf(good), (got) =>
      got.length === text.length ? got : undefined,
    );
    const cluster = clusterOf(app.port, tlsWith({}));
    await using sidecar = await startSidecar(targetOf({ protocol: 'tcp', cluster }));
    const caller = sidecar.connect();
    caller.send(text);
    await caller.until((got) => got.length === text.length);
    caller.socket.end();
    await caller.untilEnd();
    expect(caller.text === text).toBe(true);
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
    expect(sidecar.telemetry.tcpSeen).toMatchObject([
      { sent: text.length, received: text.length, flags: ['-'] },
    ]);
    expect(cluster.breakers.connections.used).toBe(0);
  });
});
