import { type Node, RUNTIME_SOCKET_ANNOTATION } from '#api/kinds/node.ts';

/** What the machine has. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly architecture: string;
  readonly osImage: string;
  readonly bootId: string;
}

/** The kubelet's default. */
const MAX_PODS = 110;

/** Kept for the system: the control plane, the node runtime and whatever else the machine does. */
const SYSTEM_CPUS = 0.2;
const SYSTEM_MEMORY_BYTES = 512 * 2 ** 20;

export interface NodeFacts {
  readonly name: string;
  readonly podCidr: string;
  readonly address: string;
  readonly runtimeSocket: string;
  readonly machine: Machine;
}

export function nodeObject({ name, podCidr, runtimeSocket, machine }: NodeFacts): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': machine.architecture,
      },
      annotations: { [RUNTIME_SOCKET_ANNOTATION]: runtimeSocket },
    },
    spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
  };
}

export function nodeStatus(
  facts: NodeFacts,
  previous: Node['status'],
  now: string,
): NonNullable<Node['status']> {
  const { machine, name, address } = facts;
  const before = previous?.conditions?.find((condition) => condition.type === 'Ready');
  const since = before?.status === 'True' ? before.lastTransitionTime : undefined;
  return {
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    capacity: amounts(machine.cpus, machine.memoryBytes),
    allocatable: amounts(
      Math.max(0.1, machine.cpus - SYSTEM_CPUS),
      Math.max(machine.memoryBytes / 2, machine.memoryBytes - SYSTEM_MEMORY_BYTES),
    ),
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'NodeRuntimeReady',
        message: 'the node runtime is running pods',
        lastHeartbeatTime: now,
        lastTransitionTime: since ?? now,
      },
    ],
    nodeInfo: {
      machineID: '',
      bootID: machine.bootId,
      kernelVersion: machine.kernel,
      osImage: machine.osImage,
      operatingSystem: 'linux',
      architecture: machine.architecture,
      containerRuntimeVersion: 'weft',
      kubeletVersion: 'v1.33.0+weft',
    },
  };
}

function amounts(cpus: number, memoryBytes: number): Record<string, string> {
  return {
    cpu: `${Math.floor(cpus * 1000)}m`,
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    pods: String(MAX_PODS),
  };
}
