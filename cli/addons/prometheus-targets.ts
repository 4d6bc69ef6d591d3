/** What the Prometheus of a mesh says of its targets, for the demo, which sends no request before it looks. */
import { request } from 'undici';
import type { MeshConfig } from '#api/mesh/config.ts';
import type { Step } from '../output/progress.ts';
import { PROMETHEUS } from './prometheus.ts';

export interface TargetState {
  readonly pod: string | undefined;
  readonly place: string;
  readonly up: boolean;
  /** Why it is not; empty while it was not asked yet. */
  readonly reason: string;
}

export interface Coverage {
  readonly targets: number;
  readonly up: number;
  /** What is not up, with the reason; pods that are no targets yet included. */
  readonly lacking: readonly string[];
}

/** A discovery, one interval of scrapes, and some patience. */
const TIMEOUT_MS = 30_000;
const POLL_MS = 250;
const ASK_TIMEOUT_MS = 5_000;

/** How far Prometheus has come with these pods and everything else that it knows. Pure. */
export function coverageOf(states: readonly TargetState[], pods: readonly string[]): Coverage {
  const unknown = pods.filter((name) => !states.some(({ pod }) => pod === name));
  const down = states.filter(({ up }) => !up);
  return {
    targets: states.length,
    up: states.length - down.length,
    lacking: [
      ...unknown.map((name) => `${name}: not found yet`),
      ...down.map(({ pod, place, reason }) => `${pod ?? place}: ${reason || 'not asked yet'}`),
    ],
  };
}

/** Resolves when every target was read once, or after a while with what is lacking. */
export async function awaitTargets(
  config: MeshConfig,
  pods: readonly string[],
  step: Step,
  signal: AbortSignal,
): Promise<Coverage> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  for (;;) {
    const coverage = coverageOf(await readTargets(config), pods);
    if (coverage.lacking.length === 0 || until.aborted) return coverage;
    step.note(`${coverage.up} of ${coverage.up + coverage.lacking.length} read`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface Answer {
  readonly data?: {
    readonly activeTargets?: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly scrapeUrl: string;
      readonly health: string;
      readonly lastError: string;
    }[];
  };
}

async function readTargets(config: MeshConfig): Promise<TargetState[]> {
  const { body } = await request(`${PROMETHEUS.url(config)}/api/v1/targets?state=active`, {
    headersTimeout: ASK_TIMEOUT_MS,
    bodyTimeout: ASK_TIMEOUT_MS,
  });
  const { data } = (await body.json()) as Answer;
  return (data?.activeTargets ?? []).map(({ labels, scrapeUrl, health, lastError }) => ({
    pod: labels['pod'],
    place: scrapeUrl,
    up: health === 'up',
    reason: lastError,
  }));
}
