import { WeftError } from '#api/foundation/errors.ts';
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';
import type { Limits } from '../pod/containers.ts';
import { isGateway } from './template.ts';

/** A loaded sidecar has less than 30 MB of its own and about 80 MB resident; this leaves room for thousands of connections. */
const DEFAULT_MEMORY_BYTES = 256 * 2 ** 20;

/** Istio's default limit for its proxy. One busy event loop cannot use more than one, the rest is garbage collection and TLS. */
const DEFAULT_CPUS = 2;

/** Istio's default request (100m): its weight beside the app under contention. */
const DEFAULT_CPU_REQUEST = 0.1;

/** Node's threads (event loop, workers, V8) are about 12. */
const PIDS = 64;

/** Less than this and the runtime itself does not start reliably. */
const LEAST_MEMORY_BYTES = 96 * 2 ** 20;

/** The limits of a pod's proxy: by annotation, and of a gateway's also by its container's `resources`. */
export function proxyLimits(pod: Pick<Pod, 'metadata' | 'spec'>): Limits {
  const container = isGateway(pod) ? pod.spec.containers.find(({ name }) => name === PROXY_NAME) : undefined;
  const { limits, requests } = container?.resources ?? {};
  const said = {
    proxyMemoryLimit: limits?.['memory'],
    proxyCPULimit: limits?.['cpu'],
    proxyCPU: requests?.['cpu'],
  };
  const annotations = Object.entries(said).flatMap(([name, quantity]) =>
    quantity === undefined ? [] : [[`sidecar.istio.io/${name}`, String(quantity)] as const],
  );
  return sidecarLimits({ ...Object.fromEntries(annotations), ...pod.metadata.annotations });
}

export function sidecarLimits(annotations: Readonly<Record<string, string>>): Limits {
  const read = (name: string, fallback: number): number => {
    const key = `sidecar.istio.io/${name}`;
    const text = annotations[key];
    if (text === undefined) return fallback;
    const value = parseQuantity(text);
    if (value !== undefined && value > 0) return value;
    throw new WeftError('InjectionRefused', `annotation ${key} has "${text}"`, {
      remedy: 'write a quantity such as 500m or 256Mi',
    });
  };
  const memoryBytes = read('proxyMemoryLimit', DEFAULT_MEMORY_BYTES);
  if (memoryBytes < LEAST_MEMORY_BYTES) {
    throw new WeftError('InjectionRefused', 'annotation sidecar.istio.io/proxyMemoryLimit is too small', {
      remedy: 'give the sidecar at least 96Mi',
    });
  }
  return {
    memoryBytes,
    cpus: read('proxyCPULimit', DEFAULT_CPUS),
    cpuRequest: read('proxyCPU', DEFAULT_CPU_REQUEST),
    pids: PIDS,
  };
}

/**
 * Node's flags under a memory limit: half of it for long-lived objects, the rest is buffers, code and stacks. What a
 * request leaves behind is dead long before semi-spaces of 1 MB are full: larger ones save no time, and stay resident
 * (docs/decisions/013). One helper thread is enough for the young generation. `node:ffi` is used on purpose, and its warning would only worry.
 */
export function nodeFlags(memoryBytes: number): string[] {
  const heapMb = Math.floor(memoryBytes / 2 ** 20 / 2);
  return [
    `--max-old-space-size=${heapMb}`,
    '--max-semi-space-size=1',
    '--v8-pool-size=1',
    '--disable-warning=ExperimentalWarning',
  ];
}

/** One malloc arena: the C library would otherwise keep one for each of Node's threads. */
export const NODE_ENVIRONMENT = { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' } as const;
