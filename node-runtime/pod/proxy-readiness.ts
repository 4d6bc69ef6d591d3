import type { Timer } from '#api/foundation/clock.ts';
import type { HealthWatch, WatchRequest } from './container-health.ts';
import type { PodTools } from './pod-tools.ts';

/** The app waits for the sidecar, so its start is watched closely. */
const STARTING_MS = 15;
/** While it is ready: Istio asks every 15 s; a sidecar that hangs should not be hit for so long. */
const READY_MS = 5_000;
/** After it was ready and is not: soon again. */
const UNREADY_MS = 500;
/** One slow answer on a busy machine is not a failure (Istio's failureThreshold). */
const FAILURES = 4;

/** Asks the sidecar's readiness port over and over; it has *started* with its first yes. */
export function watchProxy(request: WatchRequest, tools: PodTools): HealthWatch {
  let { started, ready } = request.inherited ?? { started: false, ready: false };
  let failures = 0;
  let stopped = false;
  let timer: Timer | undefined;

  const report = (): void => request.onHealth({ started, ready, dead: undefined });
  const ask = async (): Promise<void> => {
    const yes = await tools.proxyReady(request.record()).catch(() => false);
    if (stopped) return;
    failures = yes ? 0 : failures + 1;
    const next = yes || (ready && failures < FAILURES);
    if (next !== ready) {
      ready = next;
      started = started || ready;
      report();
    }
    timer = tools.clock.after(pause(), () => void ask());
  };
  const pause = (): number => {
    if (!started) return STARTING_MS;
    return ready && failures === 0 ? READY_MS : UNREADY_MS;
  };

  report();
  void ask();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
