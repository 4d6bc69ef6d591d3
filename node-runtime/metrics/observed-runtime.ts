/** Containers and sandboxes as they are, with every operation counted and timed under kubelet's words for it. */
import type { Clock } from '#api/foundation/clock.ts';
import type { Containers } from '../pod/containers.ts';
import type { Sandboxes } from '../pod/sandboxes.ts';

/** kubelet's `operation_type` (pkg/kubelet/kuberuntime/instrumented_services.go). */
export type Operation =
  | 'create_container'
  | 'start_container'
  | 'stop_container'
  | 'remove_container'
  | 'container_status'
  | 'list_containers'
  | 'exec_sync'
  | 'run_podsandbox'
  | 'stop_podsandbox'
  | 'podsandbox_status'
  | 'list_podsandbox';

export type ObserveOperation = (operation: Operation, seconds: number, ok: boolean) => void;

type Timed = <T>(operation: Operation, work: () => Promise<T>) => Promise<T>;

export function timedBy(clock: Pick<Clock, 'nowMs'>, observe: ObserveOperation): Timed {
  return async (operation, work) => {
    const startedMs = clock.nowMs();
    let ok = false;
    try {
      const result = await work();
      ok = true;
      return result;
    } finally {
      observe(operation, (clock.nowMs() - startedMs) / 1000, ok);
    }
  };
}

export function observedContainers(containers: Containers, timed: Timed): Containers {
  return {
    create: (plan) => timed('create_container', () => containers.create(plan)),
    start: (id) => timed('start_container', () => containers.start(id)),
    signal: (id, signal) => timed('stop_container', () => containers.signal(id, signal)),
    view: (id) => timed('container_status', () => containers.view(id)),
    exited: (id, signal) => containers.exited(id, signal),
    remove: (id) => timed('remove_container', () => containers.remove(id)),
    list: () => timed('list_containers', () => containers.list()),
    exec: (id, argv, options) =>
      options.timeoutMs === undefined
        ? containers.exec(id, argv, options)
        : timed('exec_sync', () => containers.exec(id, argv, options)),
    usage: (id) => containers.usage(id),
  };
}

export function observedSandboxes(sandboxes: Sandboxes, timed: Timed): Sandboxes {
  return {
    setUp: (plan) => timed('run_podsandbox', () => sandboxes.setUp(plan)),
    tearDown: (name, podUid) => timed('stop_podsandbox', () => sandboxes.tearDown(name, podUid)),
    isWhole: (name, podUid) => timed('podsandbox_status', () => sandboxes.isWhole(name, podUid)),
    list: () => timed('list_podsandbox', () => sandboxes.list()),
  };
}
