import { expect, test } from 'vitest';
import type { Container } from '#api/kinds/pod-spec.ts';
import { environment } from './environment.ts';
import { expand } from './expand.ts';
import { serviceLinks } from './service-links.ts';
import { pod } from './testing/fixtures.ts';

const of = pod({ serviceAccountName: 'robot' }, { labels: { app: 'web' }, annotations: { note: 'hi' } });
const other: Container = { name: 'other', resources: { limits: { memory: '64Mi' } } };

function variables(
  container: Partial<Container>,
  links: Record<string, string> = {},
): Record<string, string> {
  const own: Container = { name: 'app', ...container };
  return environment(
    own,
    {
      pod: of,
      podIp: '10.244.0.9',
      hostIp: '10.244.0.1',
      nodeName: 'node-1',
      containers: [own, other],
      node: { cpus: 2, memoryBytes: 4 * 2 ** 30 },
      links,
    },
    {
      configMap: (name) =>
        name === 'words' ? { greeting: 'hello', 'not a name': 'x', '9lives': 'y' } : undefined,
      secret: (name) => (name === 'keys' ? { key: 's3same' } : undefined),
    },
  );
}

test.each([
  ['metadata.name', 'web'],
  ['metadata.namespace', 'shop'],
  ['metadata.uid', 'u1'],
  ["metadata.labels['app']", 'web'],
  ["metadata.labels['none']", ''],
  ["metadata.annotations['note']", 'hi'],
  ['spec.nodeName', 'node-1'],
  ['spec.serviceAccountName', 'robot'],
  ['status.podIP', '10.244.0.9'],
  ['status.hostIP', '10.244.0.1'],
])('fieldRef %s is %s', (fieldPath, expected) => {
  expect(variables({ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }] })).toEqual({
    X: expected,
  });
});

test.each([
  [{ resource: 'limits.cpu' }, '2'],
  [{ resource: 'requests.cpu', divisor: '1m' }, '250'],
  [{ resource: 'limits.memory', divisor: '1Mi' }, '4096'],
  [{ resource: 'limits.memory', divisor: '1Mi', containerName: 'other' }, '64'],
  [{ resource: 'requests.memory' }, '0'],
])('resourceFieldRef %j is %s', (resourceFieldRef, expected) => {
  const env = [{ name: 'X', valueFrom: { resourceFieldRef } }];
  expect(variables({ env, resources: { requests: { cpu: '250m' } } })).toEqual({ X: expected });
});

test('later variables go over earlier ones, and may name them', () => {
  const result = variables({
    envFrom: [{ configMapRef: { name: 'words' } }, { prefix: 'P_', secretRef: { name: 'keys' } }],
    env: [
      { name: 'greeting', value: 'bye' },
      { name: 'LINE', value: '$(greeting) $(P_key) $(LATER) $$(greeting)' },
      { name: 'LATER', value: 'x' },
    ],
  });
  expect(result).toEqual({
    greeting: 'bye',
    P_key: 's3same',
    LINE: 'bye s3same $(LATER) $(greeting)',
    LATER: 'x',
  });
});

test('what a container says goes over service links', () => {
  expect(
    variables({ env: [{ name: 'WEB_PORT', value: '1' }] }, { WEB_PORT: 'tcp://x', WEB_SERVICE_HOST: 'y' }),
  ).toEqual({ WEB_PORT: '1', WEB_SERVICE_HOST: 'y' });
});

const ref = (name: string, key: string, optional?: boolean) => ({
  name,
  key,
  ...(optional ? { optional } : {}),
});
test.each([
  ['a ConfigMap', { configMapKeyRef: ref('none', 'a') }, 'ConfigMap "none" not found'],
  ['a key', { configMapKeyRef: ref('words', 'a') }, 'key "a" not found in ConfigMap "words"'],
  ['a Secret', { secretKeyRef: ref('none', 'a') }, 'Secret "none" not found'],
  ['an inherited name', { configMapKeyRef: ref('words', 'constructor') }, 'key "constructor" not found'],
  ['a field', { fieldRef: { fieldPath: 'spec.replicas' } }, 'fieldPath "spec.replicas" is not supported'],
  ['a resource', { resourceFieldRef: { resource: 'limits.gpu' } }, 'resource "limits.gpu" is not supported'],
])('%s that is missing keeps the container waiting', (_, valueFrom, message) => {
  const act = (): unknown => variables({ env: [{ name: 'X', valueFrom }] });
  expect(act).toThrowError(expect.objectContaining({ code: 'CreateContainerConfigError' }));
  expect(act).toThrowError(message);
});

test('what is optional may be missing', () => {
  const env = [
    { name: 'A', valueFrom: { configMapKeyRef: ref('none', 'a', true) } },
    { name: 'B', valueFrom: { secretKeyRef: ref('keys', 'none', true) } },
  ];
  expect(variables({ env, envFrom: [{ configMapRef: { name: 'none', optional: true } }] })).toEqual({});
});

test.each([
  ['$(A)', 'one'],
  ['$(A)$(A)', 'oneone'],
  ['$(B)', '$(B)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$A', '$A'],
  ['$(A', '$(A'],
  ['$(constructor)', '$(constructor)'],
  ['100$', '100$'],
])('%s expands to %s', (text, expected) => {
  expect(expand(text, { A: 'one' })).toBe(expected);
});

test('service links have Kubernetes names', () => {
  const links = serviceLinks([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'my-db' },
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        clusterIP: '10.96.0.7',
        ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
      },
    },
  ]);
  expect(links).toEqual({
    MY_DB_SERVICE_HOST: '10.96.0.7',
    MY_DB_SERVICE_PORT: '5432',
    MY_DB_SERVICE_PORT_SQL: '5432',
    MY_DB_PORT: 'tcp://10.96.0.7:5432',
    MY_DB_PORT_5432_TCP: 'tcp://10.96.0.7:5432',
    MY_DB_PORT_5432_TCP_PROTO: 'tcp',
    MY_DB_PORT_5432_TCP_PORT: '5432',
    MY_DB_PORT_5432_TCP_ADDR: '10.96.0.7',
  });
});
