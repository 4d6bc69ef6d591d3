import { expect, test } from 'vitest';
import { containerId, planContainer } from './container-plan.ts';
import type { ContainerPlan } from './containers.ts';
import { hostResolvConf, hostsFile, resolvConf } from './network-files.ts';
import { pod, record } from './testing/fixtures.ts';

function plan(container: Record<string, unknown>, spec: Record<string, unknown> = {}): ContainerPlan {
  const of = record(pod({ containers: [{ name: 'app', command: ['serve'], ...container }], ...spec }));
  const [first] = of.pod.spec.containers;
  if (first === undefined) throw new Error('no container');
  const inputs = { meshId: 'm', record: of, attempt: 2, env: { A: 'one' }, mounts: [], logPath: '/log' };
  return planContainer({ ...inputs, container: first });
}

test('the id fits the longest names', () => {
  const id = containerId('abcdefgh', crypto.randomUUID(), 'c'.repeat(63), 99_999);
  expect(id.length).toBeLessThanOrEqual(120);
});

test('command and arguments are expanded, never given to a shell', () => {
  expect(plan({ command: ['echo', '$(A)'], args: ['; rm', '$(HOSTNAME)'] }).argv).toEqual([
    'echo',
    'one',
    '; rm',
    'web',
  ]);
});

test.each<[string, Record<string, unknown>, Record<string, unknown>, Partial<ContainerPlan>]>([
  ['root without capabilities by default', {}, {}, { uid: 0, gid: 0, capabilities: [], readOnlyRoot: true }],
  [
    "the pod's user and groups",
    {},
    { securityContext: { runAsUser: 7, runAsGroup: 8, fsGroup: 9, supplementalGroups: [10] } },
    { uid: 7, gid: 8, additionalGids: [10, 9] },
  ],
  [
    "the container's user goes first",
    { securityContext: { runAsUser: 5 } },
    { securityContext: { runAsUser: 7 } },
    { uid: 5 },
  ],
  [
    'capabilities by either name',
    { securityContext: { capabilities: { add: ['net_bind_service', 'CAP_CHOWN'] } } },
    {},
    { capabilities: ['CAP_NET_BIND_SERVICE', 'CAP_CHOWN'] },
  ],
  [
    'a writable root on request',
    { securityContext: { readOnlyRootFilesystem: false } },
    {},
    { readOnlyRoot: false },
  ],
  ['always a limit on processes', {}, {}, { limits: { pids: 512 } }],
  [
    'limits, and requests that follow them',
    { resources: { limits: { cpu: '500m', memory: '64Mi', 'weft.dev/pids': 20 } } },
    {},
    { limits: { cpus: 0.5, cpuRequest: 0.5, memoryBytes: 64 * 2 ** 20, pids: 20 } },
  ],
  ['the image "host" is no image', { image: 'host' }, {}, { name: 'app' }],
])('%s', (_, container, spec, expected) => {
  expect(plan(container, spec)).toMatchObject(expected);
});

test.each([
  ['an image', { image: 'nginx:1' }, {}, 'ImagesNotSupported'],
  ['no command', { command: undefined }, {}, 'CreateContainerConfigError'],
  [
    'root where it is ruled out',
    {},
    { securityContext: { runAsNonRoot: true } },
    'CreateContainerConfigError',
  ],
])('refuses %s', (_, container, spec, code) => {
  expect(() => plan(container, spec)).toThrowError(expect.objectContaining({ code }));
});

test('names are searched in the own namespace first', () => {
  expect(resolvConf('shop', 'cluster.local', '10.244.0.1')).toBe(
    'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.244.0.1\noptions ndots:5\n',
  );
  expect(hostResolvConf('nameserver 127.0.0.53\nsearch lan\noptions edns0\n', '10.244.0.1')).toBe(
    'nameserver 10.244.0.1\nsearch lan\noptions edns0\n',
  );
});

test('a pod finds itself by its host name', () => {
  const of = record(pod({ hostname: 'db-0', subdomain: 'db' }));
  expect(hostsFile(of, 'cluster.local')).toContain('10.244.0.9\tdb-0.db.shop.svc.cluster.local\tdb-0\n');
});
