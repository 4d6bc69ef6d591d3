import { describe, expect, test } from 'vitest';
import { inputOf, newWorld } from '../testing/golden.ts';

const telemetry = (spec: object, name = 'mine', namespace = 'default') => ({
  apiVersion: 'telemetry.istio.io/v1',
  kind: 'Telemetry',
  metadata: { name, namespace },
  spec,
});
const settings = (mesh: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: { mesh: JSON.stringify(mesh) },
});
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', labels: { app: 'a' } },
  spec: { containers: [{ name: 'app', image: 'app' }] },
};
const otel = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'otel', namespace: 'default' },
  spec: { clusterIP: '10.96.0.9', ports: [{ name: 'grpc', port: 4317 }] },
};
const toOtel = (port: number, more: object = {}) =>
  settings({
    extensionProviders: [
      { name: 'otel', opentelemetry: { service: 'otel.default.svc.cluster.local', port } },
      { name: 'prom', prometheus: {} },
    ],
    ...more,
  });

/** Of all objects: the object, whether it is only a hint, and the message. */
function findings(...objects: unknown[]): string[] {
  const { diagnoses } = newWorld().apply(objects.map(inputOf));
  return diagnoses.flatMap(({ kind, key, findings: found }) =>
    found.map(
      ({ reason, message, hint }) => `${kind} ${key} ${hint === true ? '(hint) ' : ''}${reason} ${message}`,
    ),
  );
}

const tags = (prefix: string, count: number) => [
  {
    overrides: [
      {
        tagOverrides: Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`${prefix}${i}`, { value: '"x"' }]),
        ),
      },
    ],
  },
];
const tracing = (...names: string[]) => ({ tracing: [{ providers: names.map((name) => ({ name })) }] });
const app = (name: string) => ({ selector: { matchLabels: { app: name } } });

describe('Telemetry', () => {
  test.each<[string, unknown[], RegExp | undefined]>([
    [
      'nothing wrong',
      [pod, telemetry({ ...app('a'), accessLogging: [{ providers: [{ name: 'Envoy' }] }] })],
      undefined,
    ],
    [
      'more tags than a sidecar takes, of several objects',
      [
        pod,
        telemetry({ metrics: tags('a', 12) }),
        telemetry({ ...app('a'), metrics: tags('b', 12) }, 'more'),
      ],
      /default\/more \(hint\) UselessSetting spec.metrics: istio_request_bytes comes to 24 tags; of these only 16/,
    ],
    [
      'a selector of nobody',
      [pod, telemetry(app('b'))],
      /\(hint\) UselessSetting spec.selector: no pod of default/,
    ],
    ["another namespace's pods", [pod, telemetry(app('a'), 'mine', 'other')], /no pod of other carries/],
    [
      'nobody of that name',
      [telemetry(tracing('jaeger'))],
      /^Telemetry default\/mine UnknownProvider spec.tracing\[0\].providers\[0\].name: the mesh has no provider named jaeger$/,
    ],
    [
      'another kind of provider',
      [toOtel(4317), otel, telemetry(tracing('prom'))],
      /prom is a provider of metrics, not of tracing/,
    ],
    ['a collector that is there', [toOtel(4317), otel, telemetry(tracing('otel'))], undefined],
    [
      'a collector that is not there',
      [toOtel(4317), telemetry(tracing('otel'))],
      /no service otel\.default\.svc\.cluster\.local with port 4317 is there/,
    ],
    ['a port that is not there', [toOtel(1), otel, telemetry(tracing('otel'))], /with port 1 is there/],
    [
      'a second provider',
      [toOtel(4317), otel, telemetry(tracing('otel', 'x'))],
      /\(hint\) UselessSetting spec.tracing\[0\].providers\[1\]: only the first/,
    ],
    [
      'a share of nothing',
      [telemetry({ tracing: [{ randomSamplingPercentage: 100 }] })],
      /\(hint\) NoProvider spec.tracing/,
    ],
    [
      'a share of what the mesh names',
      [
        toOtel(4317, { defaultProviders: { tracing: ['otel'] } }),
        otel,
        telemetry({ tracing: [{ randomSamplingPercentage: 100 }] }),
      ],
      undefined,
    ],
    [
      'a share of what a wider object names',
      [
        toOtel(4317),
        otel,
        telemetry(tracing('otel'), 'root', 'istio-system'),
        telemetry({ tracing: [{ randomSamplingPercentage: 100 }] }),
      ],
      undefined,
    ],
    ['switched off where nothing is', [telemetry({ tracing: [{ disableSpanReporting: true }] })], undefined],
    [
      'two for one namespace',
      [telemetry({}, 'older'), telemetry({}, 'younger')],
      /^Telemetry default\/younger TelemetryConflict spec: the older Telemetry default\/older is for the whole/,
    ],
    [
      'two for the same pods that say different things',
      [
        pod,
        telemetry({ ...app('a'), metrics: [{}] }, 'older'),
        telemetry({ ...app('a'), accessLogging: [{}] }, 'younger'),
      ],
      undefined,
    ],
    [
      'two for the same pods that speak of the same',
      [
        pod,
        telemetry({ ...app('a'), metrics: [{}] }, 'older'),
        telemetry({ ...app('a'), metrics: [{}] }, 'younger'),
      ],
      /^Telemetry default\/younger \(hint\) UselessSetting spec.metrics: the older Telemetry default\/older is for the same/,
    ],
    [
      'a filter for nothing',
      [telemetry({ accessLogging: [{ filter: { expression: 'response.code > 600' } }] })],
      /\(hint\) UselessSetting spec.accessLogging\[0\].filter.expression: holds for no request/,
    ],
  ])('%s', (_, objects, expected) => {
    const found = findings(...objects);
    expect(found).toHaveLength(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(found[0]).toMatch(expected);
  });
});

describe('settings', () => {
  test.each<[string, unknown[], RegExp | undefined]>([
    ['nothing wrong', [toOtel(4317, { defaultProviders: { tracing: ['otel'] } }), otel], undefined],
    [
      'a default of nobody',
      [settings({ defaultProviders: { accessLogging: ['x'] } })],
      /^ConfigMap istio-system\/istio UnknownProvider data\.mesh\.defaultProviders\.accessLogging\[0\]: the mesh has no provider named x$/,
    ],
    [
      'a default that is not there',
      [toOtel(4317, { defaultProviders: { tracing: ['otel'] } })],
      /tracing\[0\]: no service otel/,
    ],
    ['tracing without anybody', [settings({ enableTracing: true })], /NoProvider data\.mesh\.enableTracing/],
    [
      'what cannot be read',
      [settings({ ingressClass: 'x' })],
      /InvalidSettings data\.mesh\.ingressClass: unknown or unsupported field/,
    ],
  ])('%s', (_, objects, expected) => {
    const found = findings(...objects);
    expect(found).toHaveLength(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(found[0]).toMatch(expected);
  });
});
