import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as dial } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueAuthority, issueServing, type KeyPair } from '#control-plane/apiserver/pki/issue.ts';
import { type Credentials, selfSigned } from '../../support/self-signed.ts';
import { Tasks } from '../../support/tasks.ts';

/** From the machine into the mesh, at the address of the gateway's service. */
let tasks: Tasks;
let gateway = '';
let authority: KeyPair;

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/httpbin.yaml', 'helloworld', 'tcp-echo/tcp-echo-services.yaml');
  gateway = await tasks.openGateway();
  authority = await issueAuthority('example.com', Date.now());
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Asks the gateway for a host, over HTTPS when the caller says whom it trusts. */
function ask(
  host: string,
  path: string,
  tls?: { readonly ca: string } & Partial<Credentials>,
): Promise<Answer> {
  const options = { host: gateway, path, headers: { host }, agent: false } as const;
  return new Promise((resolve, reject) => {
    const sent =
      tls === undefined
        ? httpRequest({ ...options, port: 80 })
        : httpsRequest({ ...options, port: 443, servername: host, ...tls });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      text(response).then((body) => resolve({ status: statusCode, headers, text: body }), reject);
    });
    sent.end();
  });
}

/** The same, once the port is open: it is a moment after the change is live. */
const askOnceOpen = (...words: Parameters<typeof ask>): Promise<Answer> =>
  tasks.mesh.until('the gateway listens', () => ask(...words));

/** The certificate that the gateway shows for a name. */
function shown(servername: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { host: gateway, port: 443, servername, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

async function secret(name: string, host: string, clients?: string): Promise<void> {
  const { certificate, key } = await issueServing(authority, [{ type: 'dns', value: host }], Date.now());
  const ca = clients === undefined ? {} : { 'ca.crt': clients };
  await tasks.applyText(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'istio-system' },
      stringData: { 'tls.crt': certificate, 'tls.key': key, ...ca },
    }),
  );
}

describe('ingress', () => {
  test('two paths of httpbin.example.com lead in, nothing else does', async () => {
    await tasks.apply('tasks/ingress/httpbin-gateway.yaml');
    expect((await askOnceOpen('httpbin.example.com', '/status/200')).status).toBe(200);
    expect((await ask('httpbin.example.com', '/status/418')).text).toContain('teapot');
    expect((await ask('httpbin.example.com', '/headers')).status).toBe(404);
    expect((await ask('other.example.com', '/status/200')).status).toBe(404);
  });

  test('or every host, for a browser', async () => {
    await tasks.apply('tasks/ingress/httpbin-any-host.yaml');
    expect((await askOnceOpen('anything.example', '/headers')).text).toContain('"Host": "anything.example"');
    await tasks.delete('tasks/ingress/httpbin-any-host.yaml');
  });
});

test('lines for tcp-echo come in on a port of their own', async () => {
  await tasks.apply('tcp-echo/tcp-echo-all-v1.yaml');
  const answer = await tasks.mesh.until('the gateway listens', () => {
    const socket = dial({ host: gateway, port: 31400 });
    socket.end('hello\n');
    return text(socket);
  });
  expect(answer).toBe('one hello\n');
});

describe('secure ingress', () => {
  test('TLS with the certificate of a Secret', async () => {
    await secret('httpbin-credential', 'httpbin.example.com');
    await tasks.apply('tasks/secure-ingress/simple-tls.yaml');
    const ca = authority.certificate;
    const answer = await askOnceOpen('httpbin.example.com', '/status/418', { ca });
    expect(answer).toMatchObject({ status: 418, text: expect.stringContaining('teapot') });
  });

  test('a new certificate is used from then on', async () => {
    const before = (await shown('httpbin.example.com')).fingerprint256;
    await secret('httpbin-credential', 'httpbin.example.com');
    await tasks.mesh.until('another certificate is shown', async () =>
      (await shown('httpbin.example.com')).fingerprint256 === before ? undefined : true,
    );
  });

  test('plain HTTP is sent to HTTPS', async () => {
    await tasks.apply('tasks/secure-ingress/https-redirect.yaml');
    const { status, headers } = await askOnceOpen('httpbin.example.com', '/status/200');
    expect({ status, to: headers['location'] }).toEqual({
      status: 301,
      to: 'https://httpbin.example.com/status/200',
    });
  });

  test('two hosts have a certificate each', async () => {
    await secret('helloworld-credential', 'helloworld.example.com');
    await tasks.apply('tasks/secure-ingress/two-hosts.yaml');
    const ca = authority.certificate;
    expect((await ask('helloworld.example.com', '/hello', { ca })).text).toMatch(/^Hello version: v[12]/);
    expect((await ask('httpbin.example.com', '/status/200', { ca })).status).toBe(200);
    expect((await shown('helloworld.example.com')).subjectaltname).toBe('DNS:helloworld.example.com');
  });

  test('with mutual TLS only a client with a certificate of the right authority gets in', async () => {
    const client = selfSigned('client');
    await secret('httpbin-credential', 'httpbin.example.com', client.cert);
    await tasks.apply('tasks/secure-ingress/mutual-tls.yaml');
    const ca = authority.certificate;
    expect((await ask('httpbin.example.com', '/status/200', { ca, ...client })).status).toBe(200);
    await expect(ask('httpbin.example.com', '/status/200', { ca })).rejects.toThrow();
    await expect(
      ask('httpbin.example.com', '/status/200', { ca, ...selfSigned('client') }),
    ).rejects.toThrow();
  });
});
