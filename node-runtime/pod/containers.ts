import type { Readable, Writable } from 'node:stream';

/** A bind or tmpfs mount of a container, after volumes were resolved to host paths. */
export interface Mount {
  readonly destination: string;
  readonly source: string;
  readonly type: 'bind' | 'tmpfs';
  readonly readOnly: boolean;
  /** tmpfs size, bytes. */
  readonly sizeBytes?: number;
}

/** cgroup limits of one container; absent members are unlimited. */
export interface Limits {
  readonly memoryBytes?: number;
  /** Cores, a fraction allowed. */
  readonly cpus?: number;
  /** CPU weight from requests, cores. */
  readonly cpuRequest?: number;
  /** Always set: an unlimited process count would let one pod end the machine. */
  readonly pids: number;
}

/** Everything needed to create one container; the bundle builder turns it into an OCI config. */
export interface ContainerPlan {
  /** Unique on the machine: `MESHID-PODUID-NAME-ATTEMPT`, at most 120 characters of [a-z0-9-]. */
  readonly id: string;
  /** The pod's sandbox, whose network, ipc and uts namespaces are joined. */
  readonly sandbox: string;
  readonly podUid: string;
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** Beyond none: `CAP_…` names. */
  readonly capabilities: readonly string[];
  readonly readOnlyRoot: boolean;
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
  readonly seccomp: 'default' | 'unconfined';
  /** Kubernetes-format log file. */
  readonly logPath: string;
}

export interface Exit {
  /** 128 + signal when a signal ended it, as shells and Kubernetes report. */
  readonly code: number;
  readonly oomKilled: boolean;
  readonly finishedAtMs: number;
  /** False when the exit code was lost (the monitor was killed too): Kubernetes' ContainerStatusUnknown. */
  readonly known: boolean;
}

export type ContainerView =
  | { readonly state: 'absent' }
  | { readonly state: 'created' }
  | { readonly state: 'running'; readonly startedAtMs: number; readonly pid: number }
  | { readonly state: 'exited'; readonly exit: Exit };

export interface ExecOptions {
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Killed after this, milliseconds; the result is then exit code 124. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What the pod state machine needs of an OCI runtime and conmon. Every call is idempotent where it can be. */
export interface Containers {
  /** Creates and leaves it stopped before its first instruction. Throws a WeftError `CreateFailed` with the runtime's words. */
  create(plan: ContainerPlan): Promise<void>;
  start(id: string): Promise<void>;
  signal(id: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  view(id: string): Promise<ContainerView>;
  /** Resolves when the container has exited; works for containers that an earlier node runtime started. */
  exited(id: string, signal: AbortSignal): Promise<Exit>;
  /** Kills what runs and removes every trace of the container but its log. */
  remove(id: string): Promise<void>;
  /** Ids of all containers of this mesh, whoever started them. */
  list(): Promise<string[]>;
  /** Runs a command inside; resolves with its exit code. */
  exec(id: string, argv: readonly string[], options: ExecOptions): Promise<number>;
  /** Bytes of memory and nanoseconds of CPU used so far, from the cgroup. */
  usage(id: string): Promise<{ memoryBytes: number; cpuNs: number; pids: number } | undefined>;
}
