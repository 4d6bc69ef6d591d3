import { expect, test } from 'vitest';
import { pod, record } from '../pod/testing/fixtures.ts';
import { wantsSidecar } from './decide-injection.ts';
import { redirectOf } from './redirect.ts';
import { refuseReservedName } from './reserved-name.ts';
import { nodeFlags, sidecarLimits } from './sidecar-limits.ts';
import { planSidecar, sidecarConfig } from './sidecar-plan.ts';
import { workloadOf } from './workload.ts';

const INJECT = 'sidecar.istio.io/inject';
type Labels = Record<string, string>;

test.each<[string, Labels, Labels, Labels, boolean]>([
  ['nothing is said', {}, {}, {}, true],
  ['the namespace is enabled', { 'istio-injection': 'enabled' }, {}, {}, true],
  ['the namespace is disabled', { 'istio-injection': 'disabled' }, {}, {}, false],
  ['the label says no', {}, { [INJECT]: 'false' }, {}, false],
  ['the annotation says no', {}, {}, { [INJECT]: 'false' }, false],
  ['the label goes before the annotation', {}, { [INJECT]: 'true' }, { [INJECT]: 'false' }, true],
  ['the pod goes before the namespace', { 'istio-injection': 'disabled' }, { [INJECT]: 'true' }, {}, true],
  ['YAML words count', {}, { [INJECT]: 'Off' }, {}, false],
  ['other words do not', { 'istio-injection': 'disabled' }, { [INJECT]: 'maybe' }, {}, false],
])('injection when %s', (_, namespaceLabels, podLabels, podAnnotations, expected) => {
  expect(wantsSidecar({ namespaceLabels, podLabels, podAnnotations })).toBe(expected);
});

const traffic = (name: string, value: string) => ({ [`traffic.sidecar.istio.io/${name}`]: value });

test('annotations name what bypasses the sidecar', () => {
  expect(
    redirectOf({
      ...traffic('excludeOutboundIPRanges', '10.1.0.0/16, 10.2.3.4'),
      ...traffic('excludeOutboundPorts', '3306,6379'),
      ...traffic('excludeInboundPorts', '9000'),
      ...traffic('includeOutboundIPRanges', '*'),
      'example.com/other': 'x',
    }),
  ).toEqual({
    sidecarUid: 1337,
    excludeOutboundCidrs: ['10.1.0.0/16', '10.2.3.4/32'],
    excludeOutboundPorts: [3306, 6379],
    excludeInboundPorts: [9000],
  });
});

test.each([
  ['a range that is none', traffic('excludeOutboundIPRanges', '10.1.0.0/33'), 'excludeOutboundIPRanges'],
  ['a name for a range', traffic('excludeOutboundIPRanges', 'localhost'), 'excludeOutboundIPRanges'],
  ['a port that is none', traffic('excludeInboundPorts', '80,http'), 'excludeInboundPorts'],
  ['port 0', traffic('excludeOutboundPorts', '0'), 'excludeOutboundPorts'],
  [
    'a list of ranges to include',
    traffic('includeOutboundIPRanges', '10.0.0.0/8'),
    'includeOutboundIPRanges',
  ],
  ['an annotation that is not known', traffic('kubevirtInterfaces', 'net1'), 'kubevirtInterfaces'],
])('refuses %s by name', (_, annotations, name) => {
  const act = (): unknown => redirectOf(annotations);
  expect(act).toThrowError(expect.objectContaining({ code: 'InjectionRefused' }));
  expect(act).toThrowError(name);
});

test.each([
  ['an app', { containers: [{ name: 'istio-proxy' }] }],
  ['an init container', { containers: [{ name: 'app' }], initContainers: [{ name: 'istio-proxy' }] }],
])('refuses %s of the name that the sidecar has', (_, spec) => {
  expect(() => refuseReservedName(pod(spec))).toThrowError(
    expect.objectContaining({ code: 'InjectionRefused' }),
  );
  expect(() => refuseReservedName(pod({ containers: [{ name: 'app' }] }))).not.toThrow();
});

test('the sidecar has limits, which annotations change', () => {
  expect(sidecarLimits({})).toEqual({ memoryBytes: 256 * 2 ** 20, cpus: 2, cpuRequest: 0.1, pids: 64 });
  expect(
    sidecarLimits({ 'sidecar.istio.io/proxyCPULimit': '500m', 'sidecar.istio.io/proxyMemoryLimit': '1Gi' }),
  ).toMatchObject({ memoryBytes: 2 ** 30, cpus: 0.5 });
});

test.each(['16Mi', '0', 'much'])('refuses %s of memory for the sidecar', (amount) => {
  expect(() => sidecarLimits({ 'sidecar.istio.io/proxyMemoryLimit': amount })).toThrowError(
    expect.objectContaining({ code: 'InjectionRefused' }),
  );
});

test('the heap leaves room for buffers under the limit', () => {
  expect(nodeFlags(256 * 2 ** 20)).toContain('--max-old-space-size=128');
});

test.each([
  ['a bare pod', pod(), 'web'],
  [
    'a pod of a Deployment',
    pod({}, { labels: { 'pod-template-hash': 'abc' }, ownerReferences: [owner('ReplicaSet', 'web-v1-abc')] }),
    'web-v1',
  ],
  ['a pod of a lone ReplicaSet', pod({}, { ownerReferences: [owner('ReplicaSet', 'web-rs')] }), 'web-rs'],
])('the workload of %s is %s', (_, of, expected) => {
  expect(workloadOf(of)).toBe(expected);
});

function owner(kind: string, name: string) {
  return { apiVersion: 'apps/v1', kind, name, uid: 'o', controller: true };
}

test('the sidecar runs as its own user, and alone sees the control plane', () => {
  const paths = {
    bundle: '/lib/sidecar-1/main.cjs',
    configDir: '/pods/u1/sidecar',
    adminDir: '/pods/u1/admin',
    xdsSocketDir: '/run/weft/xds',
    logPath: '/log',
  };
  const plan = planSidecar('m', record(), 3, paths, []);
  expect(plan).toMatchObject({
    id: 'm-u1-istio-proxy-3',
    uid: 1337,
    gid: 1337,
    capabilities: [],
    readOnlyRoot: true,
  });
  expect(plan.mounts[0]).toMatchObject({
    source: '/lib/sidecar-1',
    destination: '/opt/weft/sidecar',
    readOnly: true,
  });
  expect(plan.argv.slice(-2)).toEqual(['/opt/weft/sidecar/main.cjs', '/etc/weft/sidecar.json']);
  expect(plan.mounts.filter((mount) => !mount.readOnly).map((mount) => mount.source)).toEqual([
    '/pods/u1/admin',
  ]);
  expect(sidecarConfig(record(), { clusterDomain: 'mesh.test', podCidr: '10.7.0.0/16' })).toMatchObject({
    nameServer: '10.7.0.1:5054',
    pod: 'web',
    namespace: 'shop',
    podIp: '10.244.0.9',
    workload: 'web',
    serviceAccount: 'default',
    clusterDomain: 'mesh.test',
    discoveryAddress: 'unix:/run/weft/xds/xds.sock',
  });
});
