import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programDeployment, programPod, service } from '../support/programs.ts';

interface Group {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
  await mesh.apply(
    service('web'),
    programDeployment({ name: 'web', app: 'web', program: PROGRAMS.SERVER, ready: true, replicas: 2 }),
    programPod({
      name: 'hog',
      app: 'hog',
      program: PROGRAMS.HOG,
      container: { resources: { limits: { memory: '64Mi' } } },
    }),
  );
  await mesh.podsReady('web', 2);
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

async function page(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.text();
}

const nodePage = (path: string): Promise<string> => page(mesh.config.nodeMetricsPort, path);
const controlPage = (path: string): Promise<string> => page(mesh.config.monitoringPort, path);

/** Values of a family's samples whose labels hold all of `having`. */
function samples(text: string, name: string, ...having: string[]): number[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => having.every((label) => line.includes(label)))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
}

test('every target that is told can be scraped from the host', async () => {
  const groups = await mesh.until('both sidecars are told', async () => {
    const found = JSON.parse(await controlPage('/sd/prometheus')) as Group[];
    const web = found.filter(({ labels }) => labels['__meta_kubernetes_pod_label_app'] === 'web');
    return web.length === 2 ? found : undefined;
  });
  for (const { targets, labels } of groups) {
    if (labels['__meta_kubernetes_pod_label_app'] === 'hog') continue;
    const url = `${labels['__scheme__']}://${targets[0]}${labels['__metrics_path__']}`;
    const answer = await fetch(url);
    expect([url, answer.status]).toEqual([url, 200]);
    expect(await answer.text()).toContain('# TYPE ');
  }
  expect(groups.map(({ labels }) => labels['__meta_weft_role'])).toEqual(
    expect.arrayContaining(['control-plane', 'node', 'pod']),
  );
});

test('what a container uses is told, and what its pod sends and receives', async () => {
  const [web] = await mesh.pods('web');
  const own = [`pod="${web?.metadata.name}"`, 'namespace="default"'];
  const text = await nodePage('/metrics/cadvisor');
  for (const container of ['container="app"', 'container="istio-proxy"']) {
    for (const name of [
      'container_cpu_usage_seconds_total',
      'container_memory_working_set_bytes',
      'container_memory_rss',
      'container_processes',
      'container_start_time_seconds',
    ]) {
      expect([name, samples(text, name, container, ...own)]).toEqual([name, [expect.any(Number)]]);
      expect(samples(text, name, container, ...own)[0]).toBeGreaterThan(0);
    }
  }
  const [received = 0] = samples(text, 'container_network_receive_bytes_total', ...own, 'interface="eth0"');
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () =>
      (await fetch(`http://${web?.status?.podIP}:15021/healthz/ready`)).text(),
    ),
  );
  expect(answers).toHaveLength(20);
  const [after = 0] = samples(
    await nodePage('/metrics/cadvisor'),
    'container_network_receive_bytes_total',
    ...own,
  );
  expect(after - received).toBeGreaterThan(20 * 100);
  expect(samples(text, 'container_scrape_error')).toEqual([0]);
});

test('starts, restarts, reasons and kills are told', async () => {
  const text = await mesh.until('the hog was killed and restarted', async () => {
    const now = await nodePage('/metrics');
    const [restarts = 0] = samples(
      now,
      'kube_pod_container_status_restarts_total',
      'pod="hog"',
      'container="app"',
    );
    return restarts >= 1 ? now : undefined;
  });
  const reason = ['pod="hog"', 'reason="OOMKilled"'];
  expect(samples(text, 'kube_pod_container_status_last_terminated_reason', ...reason)).toEqual([1]);
  expect(samples(text, 'kubelet_pod_start_duration_seconds_count')[0]).toBeGreaterThanOrEqual(2);
  for (const phase of ['sandbox', 'sidecar', 'containers', 'ready']) {
    expect(samples(text, 'weft_pod_start_phase_seconds_count', `phase="${phase}"`)[0]).toBeGreaterThanOrEqual(
      2,
    );
  }
  expect(samples(text, 'kubelet_running_pods')[0]).toBeGreaterThanOrEqual(2);
  expect(samples(text, 'kubelet_runtime_operations_total', '"start_container"')[0]).toBeGreaterThanOrEqual(5);
  expect(samples(text, 'prober_probe_total', 'probe_type="Readiness"', 'result="successful"')).toHaveLength(
    2,
  );
  await mesh.until('the kill is counted', async () => {
    const usage = await nodePage('/metrics/cadvisor');
    const [kills = 0] = samples(usage, 'container_oom_events_total', 'pod="hog"', 'container="app"');
    return kills >= 1 ? true : undefined;
  });
});

test('the control plane counts its proxies and what it sent them', async () => {
  const text = await controlPage('/metrics');
  expect(
    samples(text, 'pilot_xds', 'version="0.').reduce((sum, count) => sum + count, 0),
  ).toBeGreaterThanOrEqual(2);
  expect(samples(text, 'pilot_services')[0]).toBeGreaterThanOrEqual(1);
  expect(samples(text, 'pilot_xds_pushes', 'type="cds"')[0]).toBeGreaterThanOrEqual(2);
  expect(samples(text, 'workqueue_adds_total', 'name="deployment"')[0]).toBeGreaterThanOrEqual(1);
  expect(
    samples(text, 'weft_store_operations_total', 'operation="create"', 'outcome="written"')[0],
  ).toBeGreaterThan(0);
  expect(
    samples(text, 'apiserver_longrunning_requests', 'verb="WATCH"', 'resource="pods"')[0],
  ).toBeGreaterThan(0);
});
