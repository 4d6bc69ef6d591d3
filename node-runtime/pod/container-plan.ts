import { WeftError } from '#api/foundation/errors.ts';
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Container } from '#api/kinds/pod-spec.ts';
import type { ContainerPlan, Limits, Mount } from './containers.ts';
import { configError } from './environment.ts';
import { expand } from './expand.ts';
import type { PodRecord } from './pod-record.ts';

/** Processes that a container may have when it names no `weft.dev/pids`: plenty for a server, little for a fork bomb. */
const DEFAULT_PIDS = 512;

/** Search path of containers that run the host's programs. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `MESHID-PODUID-NAME-ATTEMPT`, at most 120 characters of [a-z0-9-]: 8 + 36 + 63 + digits and hyphens fit. */
export function containerId(meshId: string, podUid: string, name: string, attempt: number): string {
  return `${meshId}-${podUid}-${name}-${attempt}`;
}

export interface PlanInputs {
  readonly meshId: string;
  readonly record: PodRecord;
  readonly container: Container;
  readonly attempt: number;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
}

/** One container of a pod, ready for the bundle builder. Throws a WeftError whose code is the container's waiting reason. */
export function planContainer(inputs: PlanInputs): ContainerPlan {
  const { container, record } = inputs;
  const podUid = record.pod.metadata.uid ?? '';
  refuseImages(container);
  const env = { PATH: DEFAULT_PATH, HOSTNAME: hostnameOf(record), ...inputs.env };
  return {
    id: containerId(inputs.meshId, podUid, container.name, inputs.attempt),
    sandbox: record.sandbox,
    podUid,
    name: container.name,
    argv: argvOf(container, env),
    env,
    cwd: container.workingDir ?? '/',
    ...processUser(container, record),
    capabilities: capabilitiesOf(container),
    readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? true,
    mounts: inputs.mounts,
    limits: limitsOf(container),
    seccomp: seccompOf(container, record),
    logPath: inputs.logPath,
  };
}

export function hostnameOf(record: Pick<PodRecord, 'pod'>): string {
  return record.pod.spec.hostname ?? (record.pod.metadata.name ?? 'pod').slice(0, 63).replace(/[-.]+$/, '');
}

function refuseImages({ name, image }: Container): void {
  if (image === undefined || image === '' || image === 'host') return;
  throw new WeftError(
    'ImagesNotSupported',
    `container ${name} names the image "${image}", and images are not run yet`,
    {
      remedy: 'leave `image` out (or say `host`) and name a program of this machine in `command`',
    },
  );
}

function argvOf(container: Container, env: Readonly<Record<string, string>>): string[] {
  const argv = [...(container.command ?? []), ...(container.args ?? [])].map((word) => expand(word, env));
  if (argv.length > 0) return argv;
  throw configError(
    `container ${container.name} has no command`,
    'without an image there is no default: set `command`',
  );
}

/** As whom a container's processes run. Throws a WeftError `CreateContainerConfigError` for root where it is ruled out. */
export function processUser(
  { name, securityContext: own }: Container,
  record: PodRecord,
): Pick<ContainerPlan, 'uid' | 'gid' | 'additionalGids'> {
  const pod = record.pod.spec.securityContext;
  const uid = own?.runAsUser ?? pod?.runAsUser ?? 0;
  if (uid === 0 && (own?.runAsNonRoot ?? pod?.runAsNonRoot) === true) {
    throw configError(`container ${name} has runAsNonRoot and would run as root`, 'set runAsUser');
  }
  const groups = [...(pod?.supplementalGroups ?? []), ...(pod?.fsGroup === undefined ? [] : [pod.fsGroup])];
  return { uid, gid: own?.runAsGroup ?? pod?.runAsGroup ?? 0, additionalGids: groups };
}

function capabilitiesOf({ securityContext }: Container): string[] {
  return (securityContext?.capabilities?.add ?? []).map((name) =>
    name.toUpperCase().startsWith('CAP_') ? name.toUpperCase() : `CAP_${name.toUpperCase()}`,
  );
}

/** A request that is missing equals the limit, as Kubernetes defaults it. */
export function limitsOf({ resources }: Pick<Container, 'resources'>): Limits {
  const read = (list: 'limits' | 'requests', name: string): number | undefined =>
    parseQuantity(resources?.[list]?.[name] ?? '');
  const memoryBytes = read('limits', 'memory');
  const cpus = read('limits', 'cpu');
  const cpuRequest = read('requests', 'cpu') ?? cpus;
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytes: Math.floor(memoryBytes) }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(cpuRequest === undefined ? {} : { cpuRequest }),
    pids: Math.max(1, Math.floor(read('limits', 'weft.dev/pids') ?? DEFAULT_PIDS)),
  };
}

function seccompOf({ securityContext }: Container, record: PodRecord): ContainerPlan['seccomp'] {
  const profile = securityContext?.seccompProfile ?? record.pod.spec.securityContext?.seccompProfile;
  return profile?.type === 'Unconfined' ? 'unconfined' : 'default';
}
