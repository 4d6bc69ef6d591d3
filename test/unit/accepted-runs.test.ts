/**
 * What the API server accepts, the proxies run: whatever somebody writes and the checks let through is translated for
 * a sidecar and for a gateway, and neither refuses a single resource. A resource that is refused would keep every
 * later change of it away from the proxy, whoever made that.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import { Gateway } from '#api/kinds/gateway.ts';
import { apiVersionOf, type Kind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { Sidecar } from '#api/kinds/sidecar.ts';
import { Telemetry } from '#api/kinds/telemetry.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { WorkloadEntry } from '#api/kinds/workload-entry.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { issueAuthority } from '#control-plane/apiserver/pki/issue.ts';
import { gatewayView } from '#control-plane/translation/gateway/gateway-view.ts';
import { sidecarView } from '#control-plane/translation/sidecar-view.ts';
import { inputOf, newWorld } from '#control-plane/translation/testing/golden.ts';
import type { View } from '#control-plane/translation/view.ts';
import { Configuration } from '#sidecar/discovery/configuration.ts';
import { arbitraryOf, repaired, type Words } from '../support/arbitrary-of-schema.ts';

const { certificate, key } = await issueAuthority('test', Date.now());

const HOSTS = [
  'a',
  'b',
  'a.default.svc.cluster.local',
  'ext.example.com',
  '*.example.com',
  'B.example.com',
  'a.default.svc',
  'a.default',
  '*.default.svc.cluster.local',
  '*.local',
];
const TEXTS = [
  '',
  'x',
  'a-b',
  '*',
  'A B',
  'é',
  '100%',
  '100%%',
  'a\\1',
  'a,b',
  '/',
  '/a/b',
  '/a?b=c',
  '/a#b',
];
const PATTERNS = ['.*', '*', '^/(a|b)$', '(', 'a{1,30}', '', '\\d+', '(?i)x', '\\C', '[[:alpha:]]'];
const NAMES = [
  'x-a',
  'X-B',
  'host',
  ':authority',
  ':path',
  'content-length',
  'x-b',
  'cookie',
  'set-cookie',
  'x_y',
];
const DURATIONS = ['1ms', '0s', '1.5s', '1h', '9000h', '250us', '99999999h'];
const COUNTS = [0, 1, 2, 50, 100];
const BIG = [0, 1, 7, 1024, 65_537, 0xffff_ffff];
const PORTS = [80, 81, 443, 8080];
const LABELS = ['app', 'version'];
const PLACES = ['r1', 'r1/z1', 'r1/z1/*', 'r1/*', '*', 'r2/z1/s1'];
const ADDRESSES = [
  '10.9.0.1',
  '10.96.0.1',
  '10.96.0.2',
  '10.9.0.0/16',
  '0.0.0.0/0',
  '10.9.0.2/32',
  '::1',
  'www.example.com',
  '127.0.0.1',
  '240.240.0.1',
];

/** What a person, or a hostile one, may write into each field. */
const WORDS: Words = {
  hosts: [...HOSTS, '*', './*', '*/*', 'default/*', '*/ext.example.com', '~/*', 'example.com'],
  host: HOSTS,
  sniHosts: [...HOSTS, '10.0.0.1'],
  gateways: ['mesh', 'edge', 'default/edge', 'edge.default.svc.cluster.local'],
  exportTo: ['.', '*', '~', 'default', 'other'],
  name: ['a', 'http', 'tcp-1', 'tls', 'X', 'a.b', 'edge', 'envoy', 'prometheus', 'otel', 'lines', 'é'],
  namespace: ['default', 'other'],
  exact: [...TEXTS, 'GET', 'http'],
  prefix: TEXTS,
  regex: PATTERNS,
  match: PATTERNS,
  rewrite: ['/', '/\\1', '\\0', 'x', ''],
  headers: NAMES,
  withoutHeaders: NAMES,
  queryParams: ['a', 'a b', '', 'ä'],
  set: NAMES,
  'set.value': TEXTS,
  add: NAMES,
  'add.value': TEXTS,
  remove: NAMES,
  port: PORTS,
  number: PORTS,
  targetPort: PORTS,
  ports: ['a', 'http', 'tcp-1'],
  'ports.value': PORTS,
  sourceLabels: LABELS,
  'sourceLabels.value': ['a', 'v1'],
  labels: LABELS,
  'labels.value': ['a', 'v1', ''],
  matchLabels: LABELS,
  'matchLabels.value': ['a', 'v1'],
  selector: LABELS,
  'selector.value': ['a', 'v1'],
  sourceNamespace: ['default', 'other', ''],
  statPrefix: ['', 'x'],
  subset: ['v1', 'none', ''],
  weight: [0, 1, 50, 1_000_000, 0xffff_ffff],
  uri: TEXTS,
  authority: [...TEXTS, 'ext.example.com:80'],
  scheme: ['http', 'https', ''],
  redirectCode: [301, 302, 308, 304, 200],
  status: [100, 200, 204, 304, 503, 599],
  string: TEXTS,
  bytes: ['', 'AAA=', 'Y2E='],
  attempts: [0, 1, 25, 26],
  perTryTimeout: DURATIONS,
  retryOn: ['5xx', '5xx,503', 'gateway-error, reset', '', ',', '100', 'retriable-4xx,cancelled'],
  backoff: DURATIONS,
  fixedDelay: DURATIONS,
  percent: [0, 1, 100, 20.5],
  value: [0, 0.0001, 12.345678, 50, 100, 'request.host', 'response.code', 'x', '', 'a\r\nb'],
  expression: ['response.code >= 400', 'request.headers["a"] == "b"', 'connection.mtls', 'request.', 'true'],
  randomSamplingPercentage: [0, 0.001, 50, 100],
  customTags: ['a', 'istio.namespace', '', 'é', 'A B'],
  defaultValue: TEXTS,
  tagOverrides: ['a', 'request_host', 'le', '__x', 'é', 'destination_service'],
  customMetric: ['requests_total', 'tcp_sent_bytes_total', 'mine', ''],
  reportingInterval: DURATIONS,
  httpStatus: [200, 404, 599],
  allowMethods: ['GET', '*'],
  allowHeaders: NAMES,
  exposeHeaders: NAMES,
  maxAge: DURATIONS,
  timeout: DURATIONS,
  mirrorPercent: COUNTS,
  destinationSubnets: ADDRESSES,
  apiVersion: ['networking.istio.io/v1'],
  httpHeaderName: [...NAMES, ...TEXTS],
  httpQueryParameterName: TEXTS,
  path: TEXTS,
  ttl: DURATIONS,
  minimumRingSize: BIG,
  tableSize: BIG,
  from: PLACES,
  to: ['r1', 'r2', 'r1/z1/*', 'r2/*'],
  'to.value': [0, 50, 100],
  failoverPriority: ['topology.kubernetes.io/region', 'app', 'version=v1', 'topology.istio.io/network'],
  warmupDurationSecs: DURATIONS,
  duration: DURATIONS,
  minimumPercent: [0, 10, 33.3, 100],
  aggression: [1, 1.5, 1000],
  maxConnections: BIG,
  connectTimeout: DURATIONS,
  probes: BIG,
  time: DURATIONS,
  interval: DURATIONS,
  maxConnectionDuration: DURATIONS,
  idleTimeout: DURATIONS,
  http1MaxPendingRequests: BIG,
  http2MaxRequests: BIG,
  maxRequestsPerConnection: BIG,
  maxRetries: BIG,
  consecutiveLocalOriginFailures: BIG,
  consecutiveGatewayErrors: BIG,
  consecutive5xxErrors: BIG,
  consecutiveErrors: BIG,
  baseEjectionTime: DURATIONS,
  maxEjectionPercent: COUNTS,
  minHealthPercent: COUNTS,
  credentialName: ['cert', 'empty', 'none'],
  clientCertificate: ['/cert.pem', '/none.pem'],
  privateKey: ['/key.pem'],
  serverCertificate: ['/cert.pem', '/none.pem'],
  caCertificates: ['/cert.pem', '/none.pem'],
  subjectAltNames: [...TEXTS, 'ext.example.com', '*.example.com', 'spiffe://a/b'],
  sni: [...TEXTS, 'ext.example.com', '10.0.0.1'],
  minRetryConcurrency: BIG,
  addresses: ADDRESSES,
  address: ADDRESSES,
  protocol: ['HTTP', 'TCP', 'TLS', 'HTTPS', 'GRPC', 'mongo', 'x'],
  locality: PLACES,
  serviceAccount: ['', 'x'],
  bind: ['', '0.0.0.0', '127.0.0.1', '10.0.0.1', '::'],
  cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256', 'AES128-SHA', 'NOPE', '', 'TLS_AES_128_GCM_SHA256', '-ALL'],
};

const KINDS = [
  VirtualService,
  DestinationRule,
  ServiceEntry,
  WorkloadEntry,
  Gateway,
  Sidecar,
  Telemetry,
] as unknown as Kind<KubeObject>[];

const manifest = (kind: Kind<KubeObject>) => {
  const { spec } = (kind.schema as unknown as { shape: Record<string, Parameters<typeof arbitraryOf>[0]> })
    .shape;
  return fc
    .record({ name: fc.constantFrom('edge', 'other'), spec: arbitraryOf(spec!, WORDS) })
    .map(({ name, spec: said }) =>
      repaired(kind, {
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
        metadata: { name, namespace: 'default' },
        spec: said,
      }),
    );
};

const SURROUNDINGS = [
  ...['a', 'b'].map((name, i) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      clusterIP: `10.96.0.${i + 1}`,
      selector: { app: name },
      ports: [
        { name: 'http', port: 80 },
        { name: 'tcp', port: 81 },
        { name: 'auto', port: 8080 },
      ],
    },
  })),
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', labels: { app: 'a', version: 'v1' } },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }] },
    status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cert', namespace: 'default' },
    data: { 'tls.crt': btoa(certificate), 'tls.key': btoa(key), 'ca.crt': btoa(certificate) },
  },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'empty', namespace: 'default' }, data: {} },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: {
      mesh: JSON.stringify({
        extensionProviders: [
          {
            name: 'otel',
            opentelemetry: { service: 'a.default.svc.cluster.local', port: 80, http: { path: '/' } },
          },
          { name: 'lines', envoyFileAccessLog: { logFormat: { labels: { code: '%RESPONSE_CODE%' } } } },
        ],
      }),
    },
  },
];

function refusals(view: View): string[] {
  const configuration = new Configuration(new ManualClock(), seededRandom(1), {
    readFile: (path) => (path.includes('key') ? key : certificate),
    resolver: { resolve: async () => [] },
    changed: () => {},
  });
  const bring = (type: Parameters<Configuration['apply']>[0]['type'], names: Iterable<string>): string[] => {
    const resources = [...names].flatMap((name) => {
      const found = view.get(type, name);
      return found === undefined ? [] : [{ name, version: found.version, bytes: found.bytes }];
    });
    return configuration.apply({ type, resources, removed: [] });
  };
  const reasons = [
    ...bring(CLUSTER_TYPE, view.names(CLUSTER_TYPE)),
    ...bring(ENDPOINT_TYPE, configuration.interest(ENDPOINT_TYPE)),
    ...bring(LISTENER_TYPE, view.names(LISTENER_TYPE)),
    ...bring(ROUTE_TYPE, configuration.interest(ROUTE_TYPE)),
  ];
  configuration.clusters.close();
  return reasons;
}

const SEED = Number(process.env['SEED'] ?? 7);
const RUNS = Number(process.env['RUNS'] ?? 300);

test('proxies refuse nothing of what the API server accepts', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...KINDS.map(manifest)), { minLength: 1, maxLength: 6 }), (made) => {
      const world = newWorld({ address: '10.244.0.1', port: 4317 });
      const objects = made.filter((object) => object !== undefined);
      world.apply([...SURROUNDINGS, ...objects].map(inputOf));
      const node = { pod: 'p', namespace: 'default' };
      expect(refusals(sidecarView(world, node))).toEqual([]);
      expect(refusals(gatewayView(world, node))).toEqual([]);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});
