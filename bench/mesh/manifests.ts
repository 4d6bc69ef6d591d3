import type { Kind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import { validate } from '#api/kinds/validate.ts';

const APPS = [{ name: 'apps', hostPath: { path: import.meta.dirname } }];
const MOUNTS = [{ name: 'apps', mountPath: '/apps', readOnly: true }];

/** An object with the API's defaults filled in. */
export function complete<T extends KubeObject>(kind: Kind<T>, input: object): T {
  const verdict = validate(kind, input);
  if (verdict.ok) return verdict.object;
  throw new Error(verdict.mistakes.map((mistake) => `${mistake.path}: ${mistake.message}`).join('; '));
}

/** A pod that answers on 8080 and says that it is ready once it does. */
export function echoPod(name: string, version: string, annotations: Record<string, string> = {}): Pod {
  return complete(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'echo', version }, annotations },
    spec: {
      terminationGracePeriodSeconds: 1,
      volumes: APPS,
      containers: [
        {
          name: 'echo',
          command: ['node', '/apps/echo.ts'],
          env: [{ name: 'VERSION', value: version }],
          ports: [{ containerPort: 8080 }],
          volumeMounts: MOUNTS,
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        },
      ],
    },
  });
}

/** A pod that asks `url` through its sidecar at a steady pace and logs every change of the answer. */
export function askerPod(name: string, url: string, rate: number, seconds: number): Pod {
  return complete(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      volumes: APPS,
      containers: [
        {
          name: 'asker',
          command: ['node', '/apps/asker.ts', url, String(rate), String(seconds)],
          volumeMounts: MOUNTS,
        },
      ],
    },
  });
}

export const ECHO_SERVICE: Service = complete(Service, {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo', namespace: 'default' },
  spec: { selector: { app: 'echo' }, ports: [{ name: 'http', port: 8080 }] },
});

export const ECHO_SUBSETS = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'echo', namespace: 'default' },
  spec: { host: 'echo', subsets: ['v1', 'v2'].map((name) => ({ name, labels: { version: name } })) },
} as const;

export function echoRoute(subset: string): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'echo', namespace: 'default' },
    spec: { hosts: ['echo'], http: [{ route: [{ destination: { host: 'echo', subset } }] }] },
  };
}
