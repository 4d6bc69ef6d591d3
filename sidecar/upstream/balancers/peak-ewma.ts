/**
 * Power of two choices over the peak-EWMA cost: of two different endpoints drawn at random, the cheaper one.
 *
 * Endpoints that are to be probed (load-estimate.ts) are free, and would win each draw: after a deployment half of the
 * endpoints would get all requests, cold as they are. So against an endpoint whose latency is known a probe gets only a
 * share of the draws.
 *
 * The dearer of two that was left alone for a while gets the same share of its draws: one stall must not put an
 * endpoint aside for good.
 *
 * Where weights differ, both are drawn by weight, and the choice between the two is by lot: in favour of the first as
 * far as it takes for equal costs to give shares that equal the weights, tilted by the square of the costs. A
 * hundredfold cost still leaves an endpoint one request in ten thousand.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { WeightedDraw } from './weighted-draw.ts';
import type { Weights } from './weights.ts';

/** Costs below this say nothing, milliseconds; keeps the lot from dividing by nothing. */
const LEAST_COST_MS = 1e-3;
/** Share of its draws against known endpoints that an endpoint to be probed wins. */
const PROBE_SHARE = 0.2;

export function peakEwma(
  endpoints: readonly TrackedEndpoint[],
  weights: Weights,
  clock: Clock,
  random: Random,
): () => TrackedEndpoint {
  const count = endpoints.length;
  let draws: WeightedDraw | undefined;
  return () => {
    const nowMs = clock.nowMs();
    if (!weights.even(nowMs)) {
      draws ??= new WeightedDraw(count, weights, random);
      return endpoints[weighted(endpoints, draws, nowMs, random)]!;
    }
    const first = Math.floor(random() * count);
    const drawn = Math.floor(random() * (count - 1));
    const a = endpoints[first]!;
    const b = endpoints[drawn < first ? drawn : drawn + 1]!;
    const probe = probed(a, b, nowMs, random);
    if (probe !== undefined) return probe;
    const cheaper = b.cost(nowMs) < a.cost(nowMs) ? b : a;
    const dearer = cheaper === a ? b : a;
    const look = dearer.load.isStale(nowMs, dearer.active) && random() < PROBE_SHARE;
    return look ? dearer : cheaper;
  };
}

/** When one of two is to be probed and the other known: which of them. */
function probed(
  a: TrackedEndpoint,
  b: TrackedEndpoint,
  nowMs: number,
  random: Random,
): TrackedEndpoint | undefined {
  const ofA = a.load.awaitsProbe(nowMs, a.active);
  if (ofA === b.load.awaitsProbe(nowMs, b.active)) return undefined;
  const unknown = ofA ? a : b;
  const other = ofA ? b : a;
  if (!other.load.known) return unknown;
  return random() < PROBE_SHARE ? unknown : other;
}

function weighted(
  endpoints: readonly TrackedEndpoint[],
  draws: WeightedDraw,
  nowMs: number,
  random: Random,
): number {
  const first = draws.draw(nowMs);
  const second = draws.drawOther(first);
  const a = endpoints[first]!;
  const b = endpoints[second]!;
  const probe = probed(a, b, nowMs, random);
  if (probe !== undefined) return probe === a ? first : second;
  const shareA = draws.share(first);
  const shareB = draws.share(second);
  const count = endpoints.length;
  const costA = Math.max(LEAST_COST_MS, a.load.cost(nowMs, a.active / (shareA * count)));
  const costB = Math.max(LEAST_COST_MS, b.load.cost(nowMs, b.active / (shareB * count)));
  const oddsA = (costB * costB) / (1 - shareA);
  const oddsB = (costA * costA) / (1 - shareB);
  return random() * (oddsA + oddsB) < oddsA ? first : second;
}
