/**
 * What must hold at each step, kept track of beside the code that is checked, from its events alone. A breach throws, and
 * so ends the run at the step that broke it.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import type { OutlierListener } from '#sidecar/upstream/outlier/outlier-detector.ts';
import type { TrackedEndpoint } from '#sidecar/upstream/tracked-endpoint.ts';

/** A trial that has not ended after this long may be followed by another. */
const PATIENCE_MS = 10_000;

export class Invariants implements OutlierListener {
  ejections = 0;
  returns = 0;
  trials = 0;
  picksInPanic = 0;
  readonly #clock: Clock;
  /** When the ejection of each endpoint that is out is over. */
  readonly #out = new Map<TrackedEndpoint, number>();
  /** When the trial of an endpoint began. */
  readonly #trials = new Map<TrackedEndpoint, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onEjected(endpoint: TrackedEndpoint, _cause: string, durationMs: number): void {
    this.ejections += 1;
    this.#out.set(endpoint, this.#clock.nowMs() + durationMs);
    this.#trials.delete(endpoint);
  }

  onReturned(endpoint: TrackedEndpoint): void {
    this.returns += 1;
    must(this.#trials.has(endpoint) || this.picksInPanic > 0, `${endpoint.key} returned without a trial`);
    this.#out.delete(endpoint);
    this.#trials.delete(endpoint);
  }

  /** The cluster was configured without outlier detection: everybody is back. */
  onAmnesty(): void {
    this.#out.clear();
    this.#trials.clear();
  }

  picked(endpoint: TrackedEndpoint, cluster: EndpointCluster): void {
    must(!endpoint.removed, `${endpoint.key} was picked after it had left`);
    must(endpoint.active >= 0, `${endpoint.key} has ${endpoint.active} tries under way`);
    const untilMs = this.#out.get(endpoint);
    if (untilMs === undefined) return;
    if (cluster.panic) {
      must(this.#mayPanic(cluster), 'panic although enough endpoints are in');
      this.picksInPanic += 1;
      return;
    }
    this.#picksTrial(endpoint, untilMs);
  }

  ended(endpoint: TrackedEndpoint): void {
    must(endpoint.active >= 0, `${endpoint.key} has ${endpoint.active} tries under way`);
  }

  retried(cluster: EndpointCluster): void {
    const { retries, requests } = cluster.breakers;
    const { retryBudget, maxRetries } = cluster.policy.limits;
    const budget =
      retryBudget === undefined ? maxRetries : Math.max(retryBudget.floor, retryBudget.share * requests.used);
    must(retries.used <= budget, `${retries.used} retries of a budget of ${budget}`);
  }

  #picksTrial(endpoint: TrackedEndpoint, untilMs: number): void {
    const nowMs = this.#clock.nowMs();
    must(nowMs >= untilMs, `${endpoint.key} was picked ${untilMs - nowMs} ms before its ejection was over`);
    const begunMs = this.#trials.get(endpoint);
    const lost = begunMs === undefined || endpoint.active === 0 || nowMs - begunMs >= PATIENCE_MS;
    must(lost, `${endpoint.key} got a second trial while the first was under way`);
    this.#trials.set(endpoint, nowMs);
    this.trials += 1;
  }

  /** Envoy's condition, for some priority. */
  #mayPanic(cluster: EndpointCluster): boolean {
    const priorities = new Set(cluster.endpoints.map(({ priority }) => priority));
    return [...priorities].some((priority) => {
      const all = cluster.endpoints.filter((endpoint) => endpoint.priority === priority);
      const inside = all.filter((endpoint) => !this.#out.has(endpoint));
      return (100 * inside.length) / all.length < cluster.policy.locality.panicThreshold;
    });
  }
}

function must(holds: boolean, breach: string): void {
  if (!holds) throw new Error(`invariant broken: ${breach}`);
}
