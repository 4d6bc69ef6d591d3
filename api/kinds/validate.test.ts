import { describe, expect, it } from 'vitest';
import { ConfigMap } from './config-map.ts';
import { Deployment } from './deployment.ts';
import { DestinationRule } from './destination-rule.ts';
import type { AnyKind } from './kind.ts';
import { Pod } from './pod.ts';
import { Secret } from './secret.ts';
import { Service } from './service.ts';
import { validate } from './validate.ts';
import { VirtualService } from './virtual-service.ts';

const metadata = { name: 'web', namespace: 'default' };
const pod = (spec: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
const container = (more: object = {}): object => ({ name: 'app', ...more });
const service = (spec: object): object => ({ apiVersion: 'v1', kind: 'Service', metadata, spec });
const route = (http: object[]): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata,
  spec: { hosts: ['reviews'], http },
});

function mistakes(kind: AnyKind, object: unknown): string[] {
  const verdict = validate(kind, object);
  return verdict.ok ? [] : verdict.mistakes.map((mistake) => `${mistake.path}: ${mistake.message}`);
}

describe('defaults', () => {
  it('are filled in leaf by leaf', () => {
    const verdict = validate(
      Pod,
      pod({ containers: [container({ readinessProbe: { tcpSocket: { port: 80 } } })] }),
    );
    expect(verdict).toMatchObject({
      ok: true,
      object: {
        spec: {
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          containers: [{ readinessProbe: { periodSeconds: 10, failureThreshold: 3 } }],
        },
      },
    });
  });

  it('treat null members as absent', () => {
    const input = { ...pod({ containers: [container({ resources: null })] }), status: null };
    expect(mistakes(Pod, { ...input, metadata: { ...metadata, creationTimestamp: null } })).toEqual([]);
  });

  it('reach inside an empty strategy', () => {
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container()] } };
    const verdict = validate(Deployment, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: { app: 'web' } }, template, strategy: {} },
    });
    expect(verdict).toMatchObject({
      ok: true,
      object: { spec: { replicas: 1, strategy: { type: 'RollingUpdate' } } },
    });
  });
});

describe('refusals name the place', () => {
  const cases: [string, AnyKind, object, string][] = [
    ['an unknown field', Pod, pod({ containers: [container({ imgae: 'x' })] }), 'spec.containers[0].imgae'],
    [
      'a boolean where text belongs',
      Pod,
      pod({ containers: [container({ image: true })] }),
      'spec.containers[0].image',
    ],
    [
      'a privileged container',
      Pod,
      pod({ containers: [container({ securityContext: { privileged: true } })] }),
      'securityContext.privileged',
    ],
    [
      'the uid of the sidecar',
      Pod,
      pod({ containers: [container({ securityContext: { runAsUser: 1337 } })] }),
      'runAsUser',
    ],
    [
      'a uid that the kernel would take for another',
      Pod,
      pod({ containers: [container({ securityContext: { runAsUser: 2 ** 32 + 1337 } })] }),
      'runAsUser',
    ],
    [
      'a grace period beyond any date',
      Pod,
      pod({ containers: [container()], terminationGracePeriodSeconds: 1e15 }),
      'terminationGracePeriodSeconds',
    ],
    [
      'a capability that escapes',
      Pod,
      pod({ containers: [container({ securityContext: { capabilities: { add: ['CAP_NET_ADMIN'] } } })] }),
      'capabilities.add[0]',
    ],
    [
      'two containers of one name',
      Pod,
      pod({ containers: [container(), container()] }),
      'spec.containers[1].name',
    ],
    [
      'two containers on one port',
      Pod,
      pod({
        containers: [
          container({ ports: [{ containerPort: 80 }] }),
          { name: 'b', ports: [{ containerPort: 80 }] },
        ],
      }),
      'spec.containers[1].ports[0].containerPort',
    ],
    [
      'a port of the sidecar',
      Pod,
      pod({ containers: [container({ ports: [{ containerPort: 15001 }] })] }),
      'containerPort',
    ],
    [
      'a quantity that is none',
      Pod,
      pod({ containers: [container({ resources: { limits: { memory: '64MB' } } })] }),
      'resources.limits.memory',
    ],
    [
      'a mount without a volume',
      Pod,
      pod({ containers: [container({ volumeMounts: [{ name: 'x', mountPath: '/x' }] })] }),
      'volumeMounts[0].name',
    ],
    [
      'a volume without a source',
      Pod,
      pod({ containers: [container()], volumes: [{ name: 'x' }] }),
      'spec.volumes[0]',
    ],
    [
      'a probe with two handlers',
      Pod,
      pod({
        containers: [container({ livenessProbe: { tcpSocket: { port: 1 }, exec: { command: ['true'] } } })],
      }),
      'livenessProbe',
    ],
    [
      'a service name of 64 characters',
      Service,
      { ...service({}), metadata: { name: 'a'.repeat(64) } },
      'metadata.name',
    ],
    ['a name in upper case', Service, { ...service({}), metadata: { name: 'Web' } }, 'metadata.name'],
    [
      'a bad label',
      Service,
      { ...service({}), metadata: { name: 'web', labels: { 'a b': 'x' } } },
      'metadata.labels[a b]',
    ],
    [
      'clashing service ports',
      Service,
      service({
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      }),
      'spec.ports[1].port',
    ],
    [
      'several ports without names',
      Service,
      service({ ports: [{ port: 80 }, { port: 81 }] }),
      'spec.ports[0].name',
    ],
    ['a node port service', Service, service({ type: 'NodePort' }), 'spec.type'],
    [
      'weights of nothing',
      VirtualService,
      route([
        {
          route: [
            { destination: { host: 'a' }, weight: 0 },
            { destination: { host: 'b' }, weight: 0 },
          ],
        },
      ]),
      'spec.http[0].route',
    ],
    [
      'a fault of gRPC, which is not supported',
      VirtualService,
      route([{ fault: { abort: { grpcStatus: 'INTERNAL' } }, route: [{ destination: { host: 'a' } }] }]),
      'spec.http[0].fault.abort.grpcStatus',
    ],
    [
      'a timeout that is no duration',
      VirtualService,
      route([{ timeout: '5', route: [{ destination: { host: 'a' } }] }]),
      'spec.http[0].timeout',
    ],
    [
      'a balancer that is unknown',
      DestinationRule,
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata,
        spec: { host: 'a', trafficPolicy: { loadBalancer: { simple: 'FASTEST' } } },
      },
      'spec.trafficPolicy.loadBalancer.simple',
    ],
    [
      'a file name with a slash',
      ConfigMap,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'a/b': '' } },
      'data[a/b]',
    ],
    [
      'a secret that is not base64',
      Secret,
      { apiVersion: 'v1', kind: 'Secret', metadata, data: { a: '%%' } },
      'data.a',
    ],
  ];

  it.each(cases)('of %s', (_name, kind, object, path) => {
    expect(mistakes(kind, object).join('\n')).toContain(path);
  });

  it('all at once', () => {
    const found = mistakes(Pod, pod({ containers: [{ nmae: 'x' }], restartPolicy: 'Sometimes' }));
    expect(found).toHaveLength(3);
  });
});
