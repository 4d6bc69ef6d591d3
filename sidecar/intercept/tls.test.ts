import { once } from 'node:events';
import { request } from 'node:https';
import { type ConnectionOptions, connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { FilterChains, ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  type Client,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { DownstreamTls, type DownstreamTlsOptions } from '#sidecar/security/downstream-tls.ts';
import { Authority, type Certificate } from '#sidecar/security/testing/certificates.ts';
import { HANDSHAKE_MS } from './captured-connection.ts';
import { CLIENT_FIRST_MS } from './detection.ts';

let authority: Authority;
let certificate: Certificate;

beforeAll(async () => {
  authority = await Authority.create('test authority');
  certificate = await authority.issue({ dns: ['a.test', 'b.test'] });
});

function downstreamTls(fields: Partial<DownstreamTlsOptions> = {}): DownstreamTls {
  return new DownstreamTls({
    certificate,
    clients: undefined,
    alpn: ['http/1.1'],
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: [],
    ...fields,
  });
}

function secured(port: number, options: ConnectionOptions = {}): TLSSocket {
  const { certificate: ca } = authority;
  return connectTls({ host: '127.0.0.1', port, servername: 'a.test', ca, ...options });
}

/** What a server says that speaks first, within TLS. */
async function greetingOf(socket: TLSSocket): Promise<string> {
  const [chunk] = await once(socket, 'data');
  socket.destroy();
  return String(chunk);
}

async function failureOf(socket: TLSSocket): Promise<string> {
  const [error] = await once(socket, 'error');
  return (error as NodeJS.ErrnoException).code ?? '';
}

function tcpTo(port: number): ListenerTarget {
  return targetOf({ protocol: 'tcp', cluster: new FakeCluster(new FakeEndpoint(port)) });
}

function answerWithHead(client: Client): void {
  if (!client.text.includes('\r\n\r\n')) return;
  const body = client.text;
  client.text = '';
  client.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

function bodyOf(sidecar: SidecarUnderTest, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const { certificate: ca } = authority;
    const { port } = sidecar;
    request({ host: '127.0.0.1', port, servername: 'a.test', ca, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    })
      .on('error', reject)
      .end();
  });
}

describe('by server name', () => {
  async function named(greeting: string) {
    const server = createServer({ cert: certificate.chain, key: certificate.key }, (socket) => {
      socket.on('error', () => {});
      socket.write(greeting);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as { port: number }).port, server };
  }

  test('connections go to their servers, still encrypted, and none elsewhere', async () => {
    const a = await named('this is a');
    const b = await named('this is b');
    const targets = new Map([
      ['a.test', tcpTo(a.port)],
      ['b.test', tcpTo(b.port)],
    ]);
    const chains: FilterChains = { plain: undefined, hello: ({ serverName }) => targets.get(serverName) };
    await using sidecar = await startSidecar(chains);
    expect(await greetingOf(secured(sidecar.port))).toBe('this is a');
    expect(await greetingOf(secured(sidecar.port, { servername: 'b.test' }))).toBe('this is b');
    expect(await failureOf(secured(sidecar.port, { servername: 'c.test' }))).toBe('ECONNRESET');
    const plain = sidecar.connect();
    plain.send('GET / HTTP/1.1\r\n\r\n');
    await plain.untilEnd();
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
    for (const { server } of [a, b]) server.close();
  });

  test('a client that spoke late goes where its hello says, though the server of plain ones was asked meanwhile', async () => {
    const a = await named('this is a');
    await using other = await startRawServer();
    const clock = new ManualClock();
    const plain = targetOf({ protocol: 'detect', cluster: new FakeCluster(new FakeEndpoint(other.port)) });
    await using sidecar = await startSidecar({ plain, hello: () => tcpTo(a.port) }, 'outbound', clock);
    const { socket } = sidecar.connect();
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    clock.advance(CLIENT_FIRST_MS);
    const asked = await other.connection(0);
    expect(await greetingOf(secured(sidecar.port, { socket }))).toBe('this is a');
    await asked.untilEnd();
    a.server.close();
  });

  test('plain connections beside them are told apart as ever', async () => {
    const a = await named('this is a');
    await using web = await startRawServer(answerWithHead);
    const cluster = new FakeCluster(new FakeEndpoint(web.port));
    await using sidecar = await startSidecar({
      plain: targetOf({ protocol: 'detect', cluster }),
      hello: () => tcpTo(a.port),
    });
    expect(await greetingOf(secured(sidecar.port))).toBe('this is a');
    const caller = sidecar.connect();
    caller.send('GET /x HTTP/1.1\r\nHost: web\r\n\r\n');
    expect(await caller.response()).toContain('GET /x HTTP/1.1');
    a.server.close();
  });

  test('servers that speak first still do', async () => {
    const a = await named('this is a');
    await using mail = await startRawServer();
    mail.server.on('connection', (socket) => socket.write('220 welcome\r\n'));
    await using sidecar = await startSidecar({ plain: tcpTo(mail.port), hello: () => tcpTo(a.port) });
    const client = sidecar.connect();
    await client.until((text) => text === '220 welcome\r\n');
    client.socket.destroy();
    expect(await greetingOf(secured(sidecar.port))).toBe('this is a');
    a.server.close();
  });
});

describe('TLS that ends here', () => {
  test.each([
    ['inspected', true],
    ['the only one', false],
  ])('carries requests as https, %s', async (_, inspected) => {
    await using web = await startRawServer(answerWithHead);
    const cluster = new FakeCluster(new FakeEndpoint(web.port));
    const target = { ...targetOf({ cluster }), tls: downstreamTls() };
    await using sidecar = await startSidecar(
      inspected ? { plain: undefined, hello: () => target } : { plain: target },
    );
    const head = await bodyOf(sidecar);
    expect(head).toContain('x-forwarded-proto: https\r\n');
    expect(head).not.toContain('x-forwarded-for');
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });

  test('tells on, at an edge, where requests come from, whatever they say themselves', async () => {
    await using web = await startRawServer(answerWithHead);
    const cluster = new FakeCluster(new FakeEndpoint(web.port));
    await using sidecar = await startSidecar({ ...targetOf({ cluster }), tls: downstreamTls(), edge: true });
    const headers = {
      'X-Forwarded-For': '10.9.9.9',
      'X-Forwarded-Proto': 'http',
      'X-Envoy-External-Address': '1.1.1.1',
    };
    const head = (await bodyOf(sidecar, headers)).toLowerCase();
    expect(head).toContain('x-forwarded-for: 10.9.9.9,127.0.0.1\r\n');
    expect(head.match(/x-forwarded-for/g)).toHaveLength(1);
    expect(head).toContain('x-forwarded-proto: https\r\n');
    expect(head).not.toContain('x-forwarded-proto: http\r\n');
    expect(head).not.toContain('1.1.1.1');
  });

  test('carries opaque bytes in any amount', async () => {
    const text = 'y'.repeat(2_000_000);
    await using echo = await startRawServer((client) => {
      client.send(client.text);
      client.text = '';
    });
    echo.server.on('connection', (socket) => socket.on('end', () => socket.end()));
    await using sidecar = await startSidecar({ ...tcpTo(echo.port), tls: downstreamTls({ alpn: [] }) });
    const socket = secured(sidecar.port);
    let got = 0;
    const done = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        got += chunk.length;
        if (got === text.length) resolve();
      });
    });
    socket.write(text);
    await done;
    socket.destroy();
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });

  test('is refused to those who do not speak it, and to old versions', async () => {
    await using sidecar = await startSidecar({
      ...tcpTo(1),
      tls: downstreamTls({ minVersion: 'TLSv1.3' }),
    });
    const plain = sidecar.connect();
    plain.send('GET / HTTP/1.1\r\n\r\n');
    await plain.untilEnd();
    expect(await failureOf(secured(sidecar.port, { maxVersion: 'TLSv1.2' }))).toBe(
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    );
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });

  test.each<[string, string]>([
    ['says nothing', ''],
    ['begins to greet', '\x16\x03\x01\x02\x00\x01'],
  ])('is not waited for when a client %s', async (_, said) => {
    const clock = new ManualClock();
    await using sidecar = await startSidecar({ ...tcpTo(1), tls: downstreamTls() }, 'outbound', clock);
    const slow = sidecar.connect();
    slow.send(said);
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    clock.advance(HANDSHAKE_MS - 1);
    expect(slow.ended).toBe(false);
    clock.advance(1);
    await slow.untilEnd();
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });

  test('may take as long as it likes once it stands', async () => {
    const clock = new ManualClock();
    await using web = await startRawServer(answerWithHead);
    const target = {
      ...targetOf({ cluster: new FakeCluster(new FakeEndpoint(web.port)) }),
      tls: downstreamTls(),
    };
    await using sidecar = await startSidecar(target, 'outbound', clock);
    const socket = secured(sidecar.port);
    await once(socket, 'secureConnect');
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    clock.advance(2 * HANDSHAKE_MS);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
  });

  test('lets in only clients with a certificate of the right authority and name', async () => {
    const clients = {
      authorities: authority.certificate,
      subjectAltNames: ['spiffe://cluster.local/ns/a/sa/b'],
    };
    const welcome = await authority.issue({ uri: ['spiffe://cluster.local/ns/a/sa/b'] });
    const other = await authority.issue({ uri: ['spiffe://cluster.local/ns/a/sa/c'] });
    const strange = await (await Authority.create('stranger')).issue({
      uri: ['spiffe://cluster.local/ns/a/sa/b'],
    });
    await using app = await startRawServer();
    app.server.on('connection', (socket) => socket.on('end', () => socket.end()).write('welcome'));
    await using sidecar = await startSidecar({
      ...tcpTo(app.port),
      tls: downstreamTls({ clients, alpn: [] }),
    });
    const outcomes = await Promise.all(
      [welcome, other, strange, undefined].map(async (shown) => {
        const options = shown === undefined ? {} : { cert: shown.chain, key: shown.key };
        const socket = secured(sidecar.port, options);
        return new Promise<string>((resolve) => {
          socket.on('data', (chunk) => {
            resolve(String(chunk));
            socket.destroy();
          });
          socket.on('error', () => resolve('refused'));
          socket.on('close', () => resolve('refused'));
        });
      }),
    );
    expect(outcomes).toEqual(['welcome', 'refused', 'refused', 'refused']);
    expect(app.accepted).toHaveLength(1);
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });

  test('cannot be begun with what is no certificate, and says nothing of the key', () => {
    const key = certificate.key.replace('MIG', 'AAA');
    const attempt = () => downstreamTls({ certificate: { chain: certificate.chain, key } });
    expect(attempt).toThrow();
    try {
      attempt();
    } catch (error) {
      expect(String(error)).not.toContain('PRIVATE');
    }
  });
});
