import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Check, Mistake } from './kind.ts';
import { type HasAnnotations, limitsAreWellFormed } from './pod-limit-checks.ts';
import type { PodSpec } from './pod-spec.ts';

interface HasPodSpec extends HasAnnotations {
  spec: PodSpec;
}

/** The uid that the sidecar runs under; traffic of this uid is not redirected (Istio's 1337). */
export const SIDECAR_UID = 1337;

const ESCAPING_CAPABILITIES = new Set([
  'ALL',
  'NET_ADMIN',
  'NET_RAW',
  'SYS_ADMIN',
  'SETUID',
  'SETGID',
  'SYS_PTRACE',
  'SYS_MODULE',
  'BPF',
]);

type Located = { container: PodSpec['containers'][number]; at: string };

function containersOf(spec: PodSpec): Located[] {
  return [
    ...spec.containers.map((container, i) => ({ container, at: `spec.containers[${i}]` })),
    ...(spec.initContainers ?? []).map((container, i) => ({ container, at: `spec.initContainers[${i}]` })),
  ];
}

const uniqueContainerNames: Check<HasPodSpec> = {
  name: 'container names are unique DNS labels',
  check: ({ spec }) => {
    const seen = new Set<string>();
    return containersOf(spec).flatMap(({ container, at }): Mistake[] => {
      const mistakes: Mistake[] = [];
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(container.name)) {
        mistakes.push({
          path: `${at}.name`,
          message: 'must be a DNS label of at most 63 characters (a-z, 0-9, -)',
        });
      }
      if (seen.has(container.name))
        mistakes.push({ path: `${at}.name`, message: `duplicate name "${container.name}"` });
      seen.add(container.name);
      return mistakes;
    });
  },
};

const mountsNameVolumes: Check<HasPodSpec> = {
  name: 'every volume mount names a volume',
  check: ({ spec }) => {
    const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
    return containersOf(spec).flatMap(({ container, at }) =>
      (container.volumeMounts ?? []).flatMap((mount, i): Mistake[] => {
        const path = `${at}.volumeMounts[${i}]`;
        if (!volumes.has(mount.name))
          return [{ path: `${path}.name`, message: `no volume is named "${mount.name}"` }];
        if (!mount.mountPath.startsWith('/') || mount.mountPath.split('/').includes('..')) {
          return [{ path: `${path}.mountPath`, message: 'must be an absolute path without ".."' }];
        }
        return [];
      }),
    );
  },
};

const oneVolumeSource: Check<HasPodSpec> = {
  name: 'every volume has exactly one source',
  check: ({ spec }) =>
    (spec.volumes ?? []).flatMap(({ name: _name, ...sources }, i) =>
      Object.values(sources).filter((source) => source !== undefined).length === 1
        ? []
        : [
            {
              path: `spec.volumes[${i}]`,
              message: 'must have exactly one of emptyDir, hostPath, configMap, secret',
            },
          ],
    ),
};

const quantitiesParse: Check<HasPodSpec> = {
  name: 'resource quantities can be read',
  check: ({ spec }) =>
    containersOf(spec).flatMap(({ container, at }) =>
      (['limits', 'requests'] as const).flatMap((list) =>
        Object.entries(container.resources?.[list] ?? {}).flatMap(([name, text]): Mistake[] => {
          const value = parseQuantity(text);
          const path = `${at}.resources.${list}.${name}`;
          if (value === undefined || value < 0)
            return [{ path, message: `"${text}" is not a quantity such as 500m or 64Mi` }];
          if (name === 'memory' && list === 'limits' && value < 4 * 2 ** 20)
            return [{ path, message: 'must be at least 4Mi' }];
          if (!['cpu', 'memory', 'weft.dev/pids', 'ephemeral-storage'].includes(name)) {
            return [{ path, message: 'is not supported: use cpu, memory or weft.dev/pids' }];
          }
          return [];
        }),
      ),
    ),
};

const cannotEscapeTheSidecar: Check<HasPodSpec> = {
  name: 'containers cannot step around the sidecar',
  check: ({ spec }) => {
    const message = `is the sidecar's own uid: its traffic is not redirected; choose another`;
    const podUid: Mistake[] =
      spec.securityContext?.runAsUser === SIDECAR_UID
        ? [{ path: 'spec.securityContext.runAsUser', message }]
        : [];
    return [
      ...podUid,
      ...containersOf(spec).flatMap(({ container, at }): Mistake[] => [
        ...(container.securityContext?.runAsUser === SIDECAR_UID
          ? [{ path: `${at}.securityContext.runAsUser`, message }]
          : []),
        ...(container.securityContext?.capabilities?.add ?? []).flatMap((capability, i): Mistake[] =>
          ESCAPING_CAPABILITIES.has(capability.toUpperCase().replace(/^CAP_/, ''))
            ? [
                {
                  path: `${at}.securityContext.capabilities.add[${i}]`,
                  message: `${capability} would let the container leave its limits or step around the sidecar`,
                },
              ]
            : [],
        ),
      ]),
    ];
  },
};

const probesHaveOneHandler: Check<HasPodSpec> = {
  name: 'every probe has exactly one handler',
  check: ({ spec }) =>
    containersOf(spec).flatMap(({ container, at }) =>
      (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name): Mistake[] => {
        const probe = container[name];
        if (probe === undefined) return [];
        const handlers = [probe.httpGet, probe.tcpSocket, probe.exec].filter(
          (handler) => handler !== undefined,
        );
        return handlers.length === 1
          ? []
          : [{ path: `${at}.${name}`, message: 'must have exactly one of httpGet, tcpSocket, exec' }];
      }),
    ),
};

const portsAreUnique: Check<HasPodSpec> = {
  name: 'container ports do not clash within the pod',
  check: ({ spec }) => {
    const seen = new Map<string, string>();
    return spec.containers.flatMap((container, c) =>
      (container.ports ?? []).flatMap((port, i): Mistake[] => {
        const path = `spec.containers[${c}].ports[${i}].containerPort`;
        const key = `${port.protocol}/${port.containerPort}`;
        const earlier = seen.get(key);
        seen.set(key, path);
        if (port.containerPort >= 15000 && port.containerPort <= 15090) {
          return [{ path, message: 'ports 15000 to 15090 belong to the sidecar' }];
        }
        return earlier === undefined ? [] : [{ path, message: `clashes with ${earlier}` }];
      }),
    );
  },
};

const volumesAreNamed: Check<HasPodSpec> = {
  name: 'volume names are unique DNS labels',
  check: ({ spec }) => {
    const seen = new Set<string>();
    return (spec.volumes ?? []).flatMap(({ name }, i): Mistake[] => {
      const path = `spec.volumes[${i}].name`;
      const mistakes: Mistake[] = [];
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
        mistakes.push({ path, message: 'must be a DNS label of at most 63 characters (a-z, 0-9, -)' });
      }
      if (seen.has(name)) mistakes.push({ path, message: `duplicate name "${name}"` });
      seen.add(name);
      return mistakes;
    });
  },
};

const hostNamesAreLabels: Check<HasPodSpec> = {
  name: 'hostname and subdomain are DNS labels',
  check: ({ spec }) =>
    (['hostname', 'subdomain'] as const).flatMap((field): Mistake[] =>
      spec[field] === undefined || /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(spec[field])
        ? []
        : [{ path: `spec.${field}`, message: 'must be a DNS label of at most 63 characters (a-z, 0-9, -)' }],
    ),
};

const noHostAddresses: Check<HasPodSpec> = {
  name: 'ports of the host are taken on all of its addresses',
  check: ({ spec }) =>
    containersOf(spec).flatMap(({ container, at }) =>
      (container.ports ?? []).flatMap((port, i): Mistake[] =>
        port.hostIP === undefined
          ? []
          : [{ path: `${at}.ports[${i}].hostIP`, message: 'is not supported: leave it out' }],
      ),
    ),
};

const hostPortsAreUnique: Check<HasPodSpec> = {
  name: 'a pod takes a port of the host once',
  check: ({ spec }) => {
    const seen = new Set<string>();
    return containersOf(spec).flatMap(({ container, at }) =>
      (container.ports ?? []).flatMap(({ hostPort, protocol }, i): Mistake[] => {
        if (hostPort === undefined) return [];
        const key = `${protocol}/${hostPort}`;
        const taken = seen.has(key);
        seen.add(key);
        return taken ? [{ path: `${at}.ports[${i}].hostPort`, message: `${key} is taken twice` }] : [];
      }),
    );
  },
};

export const podChecks: readonly Check<HasPodSpec>[] = [
  uniqueContainerNames,
  mountsNameVolumes,
  oneVolumeSource,
  quantitiesParse,
  cannotEscapeTheSidecar,
  probesHaveOneHandler,
  portsAreUnique,
  volumesAreNamed,
  hostNamesAreLabels,
  noHostAddresses,
  hostPortsAreUnique,
  limitsAreWellFormed,
];

/** The checks of a pod, for the template of a workload: paths move under `spec.template`. */
export function templateChecks<T extends { spec: { template: HasPodSpec } }>(): Check<T>[] {
  return podChecks.map(({ name, check }) => ({
    name,
    check: (object: T) =>
      check(object.spec.template).map((mistake) => ({ ...mistake, path: `spec.template.${mistake.path}` })),
  }));
}
