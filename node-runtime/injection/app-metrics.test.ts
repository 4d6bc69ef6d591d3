import { expect, test } from 'vitest';
import { Pod } from '#api/kinds/pod.ts';
import { appMetricsOf, scrapeAnnotations } from './app-metrics.ts';

function pod(annotations: Record<string, string> | undefined, ports: number[] = []): Pod {
  return Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      containers: [
        { name: 'istio-proxy', image: 'auto', ports: ports.map((containerPort) => ({ containerPort })) },
      ],
    },
  });
}

const asks = (more: Record<string, string> = {}) => ({ 'prometheus.io/scrape': 'true', ...more });

test.each<[string, Pod, ReturnType<typeof appMetricsOf>]>([
  ['without annotations', pod(undefined), undefined],
  ['that does not ask for it', pod({ 'prometheus.io/port': '9100' }), undefined],
  ['that asks not to', pod({ 'prometheus.io/scrape': 'false', 'prometheus.io/port': '1' }), undefined],
  [
    'with port and path',
    pod(asks({ 'prometheus.io/port': '9100', 'prometheus.io/path': '/m?x=1' })),
    { port: 9100, path: '/m?x=1' },
  ],
  [
    'without a port takes the first declared one',
    pod(asks(), [8080, 9090]),
    { port: 8080, path: '/metrics' },
  ],
  ['without any port takes 80', pod(asks()), { port: 80, path: '/metrics' }],
  ['that wants no merging', pod(asks({ 'prometheus.istio.io/merge-metrics': 'false' })), undefined],
  ['of a gateway', pod(asks({ 'inject.istio.io/templates': 'gateway' })), undefined],
])('a pod %s', (_name, subject, expected) => {
  expect(appMetricsOf(subject)).toEqual(expected);
});

test.each<[string, Record<string, string>, RegExp]>([
  ['no number', { 'prometheus.io/port': '80:evil' }, /prometheus\.io\/port has "80:evil"/],
  ['port 0', { 'prometheus.io/port': '0' }, /prometheus\.io\/port has "0"/],
  ['a port out of range', { 'prometheus.io/port': '65536' }, /prometheus\.io\/port has "65536"/],
  ["the sidecar's own port", { 'prometheus.io/port': '15020' }, /prometheus\.io\/port has "15020"/],
  ['no path', { 'prometheus.io/path': 'metrics' }, /prometheus\.io\/path has "metrics"/],
  ['a path of two lines', { 'prometheus.io/path': '/a\r\nHost: b' }, /prometheus\.io\/path has/],
  ['an endless path', { 'prometheus.io/path': `/${'a'.repeat(600)}` }, /prometheus\.io\/path has/],
])('%s is refused with the name of its annotation', (_name, annotations, reason) => {
  expect(() => appMetricsOf(pod(asks(annotations)))).toThrow(reason);
  expect(scrapeAnnotations(pod(asks(annotations)))).toEqual({});
});

test.each<[string, Record<string, string> | undefined]>([
  ['metrics', asks({ 'prometheus.io/port': '9100', 'prometheus.io/path': '/m' })],
  ['none', undefined],
])(
  'a pod with %s is scraped at its sidecar, which knows where the app has its own, also when it is read again',
  (_name, annotations) => {
    const before = pod(annotations);
    const after = pod({ ...annotations, ...scrapeAnnotations(before) });
    expect(after.metadata.annotations).toMatchObject({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '15020',
      'prometheus.io/path': '/stats/prometheus',
    });
    expect(appMetricsOf(after)).toEqual(appMetricsOf(before));
    expect(scrapeAnnotations(after)).toEqual(scrapeAnnotations(before));
  },
);

test('without merging the annotations stay as they are', () => {
  expect(scrapeAnnotations(pod(asks({ 'prometheus.istio.io/merge-metrics': 'false' })))).toEqual({});
});
