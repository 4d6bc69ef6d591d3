/** What a mesh is told so that its sidecars are seen from outside, or not. */
import type { MeshPlan } from '../weft/mesh-plan.ts';

type Objects = NonNullable<MeshPlan['objects']>;

const ROOT = 'istio-system';
const SYSTEM = { namespace: ROOT, name: 'mesh' };
const COLLECTOR = { namespace: 'observability', name: 'collector', port: 4317 };
const TELEMETRY = { apiVersion: 'telemetry.istio.io/v1', kind: 'Telemetry', metadata: SYSTEM };

/** Nothing is counted, traced or logged. */
export const DARK: Objects = [
  {
    ...TELEMETRY,
    spec: {
      metrics: [
        {
          providers: [{ name: 'prometheus' }],
          overrides: [{ match: { metric: 'ALL_METRICS' }, disabled: true }],
        },
      ],
    },
  },
];

/** Metrics, and 1 % of the requests traced to a collector at `port` of this machine. */
export function traced(port: number): Objects {
  return [
    settings({ defaultProviders: { tracing: ['collector'] } }),
    { ...TELEMETRY, spec: { tracing: [{ randomSamplingPercentage: 1 }] } },
    ...collectorAt(port),
  ];
}

/** That, and each request as a line of JSON. */
export function logged(port: number): Objects {
  const accessLog = { accessLogFile: '/dev/stdout', accessLogEncoding: 'JSON' };
  return [settings({ defaultProviders: { tracing: ['collector'] }, ...accessLog }), ...traced(port).slice(1)];
}

function settings(more: Record<string, unknown>): Objects[number] {
  const opentelemetry = {
    service: `${COLLECTOR.name}.${COLLECTOR.namespace}.svc.cluster.local`,
    port: COLLECTOR.port,
  };
  const mesh = { extensionProviders: [{ name: 'collector', opentelemetry }], ...more };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: ROOT, name: 'istio' },
    data: { mesh: JSON.stringify(mesh) },
  };
}

function collectorAt(port: number): Objects {
  const { name, namespace } = COLLECTOR;
  const labels = { 'kubernetes.io/service-name': name };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: {
        clusterIP: '10.96.0.11',
        ports: [{ name: 'grpc-otlp', port: COLLECTOR.port, targetPort: port }],
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-0`, namespace, labels },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ name: 'grpc-otlp', port }],
    },
  ];
}
