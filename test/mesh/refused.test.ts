import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Gateway } from '#api/kinds/gateway.ts';
import type { Condition } from '#api/kinds/meta.ts';
import { describeObject } from '#cli/describe/describe-object.ts';
import { selfSigned } from '../support/self-signed.ts';
import { Tasks } from '../support/tasks.ts';

/** What a proxy cannot run stands on the object that asked for it, and disturbs nobody else. */
let tasks: Tasks;
let gateway = '';

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/httpbin.yaml');
  // Without the ports of this machine: other meshes may have them.
  const manifest = readFileSync('examples/gateways/ingressgateway.yaml', 'utf8');
  await tasks.applyText(manifest.replaceAll(/, hostPort: \d+/g, ''));
  gateway = await tasks.address('istio-ingressgateway', 'istio-system');
  await tasks.apply('tasks/ingress/httpbin-gateway.yaml');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

/** What httpbin answers by way of the gateway's HTTP port. */
function answer(): Promise<number | undefined> {
  const options = { host: gateway, port: 80, path: '/status/200', agent: false };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, headers: { host: 'httpbin.example.com' } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    sent.end();
  });
}

const asking = (name: string, server: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace: 'default' },
  spec: { selector: { istio: 'ingressgateway' }, servers: [{ hosts: ['*'], ...server }] },
});

const credential = (certificate: string, key: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'door-credential', namespace: 'istio-system' },
  stringData: { 'tls.crt': certificate, 'tls.key': key },
});

function condition(name: string, status: Condition['status']): Promise<Condition> {
  return tasks.mesh.until(`${name} is ${status}`, async () =>
    (await tasks.mesh.client.get(Gateway, 'default', name))?.status?.conditions?.find(
      (each) => each.type === 'ProxiesAccept' && each.status === status,
    ),
  );
}

describe('a Gateway on a port of the proxy', () => {
  const port = (number: number) => ({ port: { number, name: 'clash', protocol: 'HTTP' } });

  test('says which proxy refuses it, and why', async () => {
    await tasks.mesh.apply(asking('clash', port(15021)));
    const pod = await tasks.podOf('istio-ingressgateway', 'istio-system');
    expect(await condition('clash', 'False')).toMatchObject({
      reason: 'RefusedByProxy',
      message: `${pod.metadata.name}.istio-system: 0.0.0.0_15021: address.port_value: 15021 is the sidecar's own port`,
    });
    expect(await answer()).toBe(200);
  });

  test('shows it in its description; the other Gateway has nothing to say', async () => {
    const { client } = tasks.mesh;
    const described = async (name: string) =>
      describeObject(Gateway, (await client.get(Gateway, 'default', name))!, Date.now());
    expect(await described('clash')).toContain("15021 is the sidecar's own port");
    expect(await described('httpbin-gateway')).not.toContain('ProxiesAccept');
  });

  test('is accepted when it asks for another', async () => {
    await tasks.mesh.apply(asking('clash', port(8090)));
    expect(await condition('clash', 'True')).toMatchObject({ reason: 'Accepted', message: '' });
    expect(await answer()).toBe(200);
  });
});

describe('a Gateway whose certificate is broken', () => {
  test('is refused while it is, and its key stands nowhere', async () => {
    const port = { number: 443, name: 'https', protocol: 'HTTPS' };
    const tls = { mode: 'SIMPLE', credentialName: 'door-credential' };
    await tasks.mesh.apply(credential('no certificate', 'a secret'), asking('door', { port, tls }));
    const { message } = await condition('door', 'False');
    expect(message).toContain('filter_chains[0].transport_socket');
    expect(message).not.toContain('a secret');
    expect(await answer()).toBe(200);
  });

  test('is accepted with a whole one', async () => {
    const { cert, key } = selfSigned('door.example.com');
    await tasks.mesh.apply(credential(cert, key));
    await condition('door', 'True');
  });
});
