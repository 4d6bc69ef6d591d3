import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadManifests } from '#cli/resources/manifests.ts';
import { type Outside, openOutside } from '../../support/outside.ts';
import { sidecarMetric, Tasks } from '../../support/tasks.ts';

/** Calls out of the mesh. */
let tasks: Tasks;
let outside: Outside;

beforeAll(async () => {
  tasks = await Tasks.start('curl');
  outside = await openOutside(tasks.mesh, ['edition.cnn.com', 'www.google.com']);
});
afterAll(async () => {
  await outside?.[Symbol.asyncDispose]();
  await tasks?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  outside.asked.length = 0;
});

/** The ServiceEntry of a task, with the test's own server for an endpoint; resolves when its name is known in the pod. */
async function entry(file: string): Promise<void> {
  for (const { object } of loadManifests([`examples/tasks/${file}`])) {
    const { spec, ...rest } = object as typeof object & { spec: { hosts: string[] } };
    await tasks.applyText(
      JSON.stringify({ ...rest, spec: { ...spec, endpoints: [{ address: outside.address }] } }),
    );
    await tasks.mesh.until(`${spec.hosts[0]} has an address`, async () =>
      (await tasks.exec('curl', 'curl', ['getent', 'hosts', spec.hosts[0]!])) === '' ? undefined : true,
    );
  }
}

/** Status of an answer, `000` when none came. */
const status = (...words: string[]): Promise<string> =>
  tasks.curl('-o', '/dev/null', '-w', '%{http_code}', ...words);

describe('where only what is known can be reached', () => {
  beforeAll(() => tasks.apply('tasks/egress/registry-only.yaml'));

  test('an unknown host is turned away', async () => {
    expect(await status(`http://${outside.address}/`)).toBe('502');
    expect(await status('-k', `https://${outside.address}/`)).toBe('000');
    expect(outside.asked).toEqual([]);
  });

  test('a host with a ServiceEntry is reached over HTTP', async () => {
    await entry('egress/httpbin-ext.yaml');
    expect(await tasks.curl('http://httpbin.org/headers')).toBe('outside over http\n');
    expect(outside.asked).toEqual(['http httpbin.org /headers']);
  });

  test('and over HTTPS, by its name alone', async () => {
    await entry('egress/google.yaml');
    expect(await tasks.curl('-k', 'https://www.google.com/')).toBe('outside over https\n');
  });

  test('routes hold for it: 504 after 3 s', async () => {
    await tasks.apply('tasks/egress/httpbin-ext-timeout.yaml');
    const [code, seconds] = (
      await tasks.curl('-o', '/dev/null', '-w', '%{http_code} %{time_total}', 'http://httpbin.org/delay/5')
    ).split(' ');
    expect(code).toBe('504');
    expect(Number(seconds)).toBeGreaterThan(2.9);
    expect(Number(seconds)).toBeLessThan(3.5);
  });
});

describe('where everything may be reached', () => {
  beforeAll(() => tasks.delete('tasks/egress/registry-only.yaml'));

  test('an unknown host is passed through', async () => {
    await tasks.mesh.until('the sidecar lets it through', async () =>
      (await status(`http://${outside.address}/`)) === '200' ? true : undefined,
    );
  });
});

describe('the sidecar speaks TLS for the application', () => {
  beforeAll(() => entry('tls-origination/edition-cnn-com.yaml'));

  test('plain HTTP in the pod is HTTPS on the way out', async () => {
    const secret = { 'ca.crt': Buffer.from(outside.authority).toString('base64') };
    await tasks.applyText(
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cnn-ca' }, data: secret }),
    );
    const manifest = readFileSync('examples/tasks/tls-origination/originate-tls.yaml', 'utf8');
    await tasks.applyText(manifest.replace('mode: SIMPLE', 'mode: SIMPLE, credentialName: cnn-ca'));
    expect(await tasks.curl('http://edition.cnn.com/politics')).toBe('outside over https\n');
    expect(outside.asked).toEqual(['https edition.cnn.com /politics']);
  });

  test('a certificate of an authority that nobody trusts is refused', async () => {
    await tasks.apply('tasks/tls-origination/originate-tls.yaml');
    expect(await status('http://edition.cnn.com/politics')).toBe('503');
    expect(outside.asked).toEqual([]);
  });
});

describe('an egress gateway', () => {
  beforeAll(async () => {
    await tasks.delete(
      'tasks/tls-origination/originate-tls.yaml',
      'tasks/tls-origination/edition-cnn-com.yaml',
    );
    await tasks.apply('gateways/egressgateway.yaml');
    await entry('egress-gateway/cnn.yaml');
    await tasks.apply('tasks/egress-gateway/through-egress-gateway.yaml');
  });

  test('is where calls to the outside leave the mesh', async () => {
    expect(await tasks.curl('http://edition.cnn.com/politics')).toBe('outside over http\n');
    expect(outside.asked).toEqual(['http edition.cnn.com /politics']);
    const gateway = await tasks.podOf('istio-egressgateway', 'istio-system');
    expect(
      await sidecarMetric(gateway, 'istio_requests_total', { reporter: 'source', response_code: '200' }),
    ).toBe(1);
  });
});
