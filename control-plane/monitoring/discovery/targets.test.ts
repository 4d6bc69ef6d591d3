import { describe, expect, test } from 'vitest';
import type { Client } from '#api/client/client.ts';
import { startPages } from '#api/foundation/page-server.ts';
import { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { Pod as PodKind } from '#api/kinds/pod.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { discoveryPage } from './discovery-page.ts';
import { scrapeTargets as each } from './targets.ts';

const scrapeTargets = (...words: Parameters<typeof each>) => [...each(...words)];

const config = { nodeName: 'node', monitoringPort: 15014, nodeMetricsPort: 10255 };
const PROXY = { name: 'istio-proxy', ready: true, restartCount: 0 };
const APP = { name: 'app', ready: true, restartCount: 0 };

interface Over {
  readonly name?: string;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly status?: Pod['status'];
  readonly ports?: number[];
}

function pod({ name = 'web', annotations = {}, labels = {}, status = {}, ports = [] }: Over = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      labels,
      annotations,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'r', controller: true },
      ],
    },
    spec: {
      nodeName: 'node',
      containers: [{ name: 'app', ports: ports.map((containerPort) => ({ containerPort })) }],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.2',
      hostIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [APP],
      ...status,
    },
  } as Pod;
}

const sidecar = { initContainerStatuses: [PROXY] };
const asks = (more: Record<string, string> = {}) => ({ 'prometheus.io/scrape': 'true', ...more });

function targetsOf(over: Over): string[] {
  return scrapeTargets({ config, nodes: [], pods: [pod(over)] }, 'pod').map(
    ({ targets, labels }) => `${labels['__scheme__']}://${targets[0]}${labels['__metrics_path__']}`,
  );
}

describe('where a pod is scraped', () => {
  const rows: [string, Over, string[]][] = [
    ['a sidecar, always', { status: sidecar }, ['http://10.0.0.2:15020/stats/prometheus']],
    [
      'a sidecar tells what the app has too',
      { status: sidecar, annotations: asks({ 'prometheus.io/port': '9' }) },
      ['http://10.0.0.2:15020/stats/prometheus'],
    ],
    ['a gateway', { status: { containerStatuses: [PROXY] } }, ['http://10.0.0.2:15020/stats/prometheus']],
    ['without a sidecar, nowhere unasked', {}, []],
    ['asked', { annotations: asks({ 'prometheus.io/port': '9100' }) }, ['http://10.0.0.2:9100/metrics']],
    [
      'asked, on its first declared port',
      { annotations: asks(), ports: [8080, 9] },
      ['http://10.0.0.2:8080/metrics'],
    ],
    ['asked, and no port is known', { annotations: asks() }, []],
    [
      'a path and a scheme',
      {
        annotations: asks({
          'prometheus.io/port': '1',
          'prometheus.io/path': '/m',
          'prometheus.io/scheme': 'https',
        }),
      },
      ['https://10.0.0.2:1/m'],
    ],
    ['asked otherwise than by "true"', { annotations: { 'prometheus.io/scrape': 'yes' }, ports: [80] }, []],
    ['a port that is none', { annotations: asks({ 'prometheus.io/port': '80:evil' }) }, []],
    ['a port out of range', { annotations: asks({ 'prometheus.io/port': '70000' }) }, []],
    ['a path that is none', { annotations: asks({ 'prometheus.io/path': 'm' }), ports: [80] }, []],
    [
      'an endless path',
      { annotations: asks({ 'prometheus.io/path': `/${'m'.repeat(999)}` }), ports: [80] },
      [],
    ],
    ['a scheme that is none', { annotations: asks({ 'prometheus.io/scheme': 'file' }), ports: [80] }, []],
    ['not while it is pending', { status: { ...sidecar, phase: 'Pending' } }, []],
    ['not when it has ended', { status: { ...sidecar, phase: 'Succeeded' } }, []],
    ['not without an address', { status: { ...sidecar, podIP: undefined } }, []],
  ];
  test.each(rows)('%s', (_, over, expected) => expect(targetsOf(over)).toEqual(expected));
});

test("a pod has the labels that Prometheus' own discovery gives", () => {
  const [group] = scrapeTargets(
    {
      config,
      nodes: [],
      pods: [
        pod({ labels: { 'app.kubernetes.io/name': 'web' }, annotations: { 'a-b': 'c' }, status: sidecar }),
      ],
    },
    'pod',
  );
  expect(group).toEqual({
    targets: ['10.0.0.2:15020'],
    labels: {
      __meta_weft_role: 'pod',
      __meta_weft_proxy: 'sidecar',
      __metrics_path__: '/stats/prometheus',
      __scheme__: 'http',
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: 'web',
      __meta_kubernetes_pod_uid: 'uid-web',
      __meta_kubernetes_pod_ip: '10.0.0.2',
      __meta_kubernetes_pod_host_ip: '10.0.0.1',
      __meta_kubernetes_pod_node_name: 'node',
      __meta_kubernetes_pod_phase: 'Running',
      __meta_kubernetes_pod_ready: 'true',
      __meta_kubernetes_pod_container_name: 'istio-proxy',
      __meta_kubernetes_pod_controller_kind: 'ReplicaSet',
      __meta_kubernetes_pod_controller_name: 'web-1',
      __meta_kubernetes_pod_label_app_kubernetes_io_name: 'web',
      __meta_kubernetes_pod_labelpresent_app_kubernetes_io_name: 'true',
      __meta_kubernetes_pod_annotation_a_b: 'c',
      __meta_kubernetes_pod_annotationpresent_a_b: 'true',
    },
  });
});

test('words of strangers have an end', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`l${i}`, 'x']));
  const [group] = scrapeTargets(
    {
      config,
      nodes: [],
      pods: [
        pod({ labels: many, annotations: { long: 'y'.repeat(200_000), bad: '\ud800' }, status: sidecar }),
      ],
    },
    'pod',
  );
  expect(JSON.stringify(group).length).toBeLessThan(20_000);
  expect(group?.labels).not.toHaveProperty('__meta_kubernetes_pod_annotation_long');
  expect(group?.labels['__meta_kubernetes_pod_annotation_bad']).toBe('\ufffd');
});

const NODE: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node', labels: { 'kubernetes.io/os': 'linux' } },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
};

test('words of strangers have an end together', () => {
  const long = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, 'x'.repeat(1_000)]));
  const [group] = scrapeTargets(
    {
      config,
      nodes: [],
      pods: [pod({ labels: { ...long, zone: 'z' }, annotations: long, status: sidecar })],
    },
    'pod',
  );
  expect(JSON.stringify(group).length).toBeLessThan(20_000);
  expect(group?.labels['__meta_kubernetes_pod_label_zone']).toBe('z');
});

test('thousands of pods are told in turns, so that pushes do not wait', async () => {
  const pods = Array.from({ length: 2_000 }, (_, i) => pod({ name: `web-${i}`, status: sidecar }));
  const client = { list: async (kind: object) => ({ items: kind === PodKind ? pods : [] }) };
  let [turns, over] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  turn();
  const { text } = await discoveryPage(client as unknown as Client, config)(new URLSearchParams());
  over = true;
  expect(JSON.parse(text)).toHaveLength(2_001);
  expect(turns).toBeGreaterThan(30);
});

test('the programs of this machine are scraped on loopback, another node at its address', () => {
  const other = { ...NODE, metadata: { name: 'other' } };
  const groups = scrapeTargets({
    config,
    nodes: [other, NODE, { ...NODE, metadata: { name: 'x' }, status: {} }],
    pods: [],
  });
  expect(
    groups.map(({ targets, labels }) => [labels['__meta_weft_role'], targets[0], labels['__metrics_path__']]),
  ).toEqual([
    ['control-plane', '127.0.0.1:15014', '/metrics'],
    ['node', '127.0.0.1:10255', '/metrics'],
    ['node', '127.0.0.1:10255', '/metrics/cadvisor'],
    ['node', '10.0.0.1:10255', '/metrics'],
    ['node', '10.0.0.1:10255', '/metrics/cadvisor'],
  ]);
  expect(groups[1]?.labels).toMatchObject({
    __meta_kubernetes_node_name: 'node',
    __meta_kubernetes_node_address_InternalIP: '10.0.0.1',
    __meta_kubernetes_node_label_kubernetes_io_os: 'linux',
  });
});

test('the order does not depend on the order of the objects', () => {
  const pods = ['c', 'a', 'b'].map((name) => pod({ name, status: sidecar }));
  const names = (of: readonly Pod[]) =>
    scrapeTargets({ config, nodes: [], pods: of }, 'pod').map(
      ({ labels }) => labels['__meta_kubernetes_pod_name'],
    );
  expect(names(pods)).toEqual(['a', 'b', 'c']);
  expect(names(pods.toReversed())).toEqual(['a', 'b', 'c']);
});

test('the page answers as Prometheus wants it, by role, and refuses others', async () => {
  const client = new MemoryClient();
  await client.create(Node, NODE);
  await client.create(PodKind, pod({ status: sidecar }));
  const server = await startPages({
    port: 0,
    setting: 'monitoringPort',
    pages: { '/sd/prometheus': discoveryPage(client, config) },
  });
  try {
    const at = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
    const all = await at('/sd/prometheus');
    expect(all.headers.get('content-type')).toBe('application/json');
    expect(await all.json()).toHaveLength(4);
    expect(await (await at('/sd/prometheus?role=pod')).json()).toHaveLength(1);
    expect(await (await at('/sd/prometheus?role=node')).json()).toHaveLength(2);
    expect((await at('/sd/prometheus?role=__proto__')).status).toBe(400);
    expect((await at('/constructor')).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.port}/sd/prometheus`, { method: 'POST' })).status).toBe(
      405,
    );
  } finally {
    await server.close();
  }
});
