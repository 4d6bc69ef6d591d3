/**
 * Rounds A B C, A B C, …: what disturbs the machine for a while disturbs all subjects alike, and a ratio is taken within a
 * round, where both sides saw the same machine.
 */
import type { Measured, MissingSubject, SubjectFigures } from '../scenario.ts';
import { median, ratioOf } from './statistics.ts';

export type Sample = Readonly<Record<string, number>>;

export interface Subject {
  /** `weft`, `haproxy`; with a suffix where one program runs in several ways: `weft-inbound`. */
  readonly name: string;
  readonly version: string;
  /** Drives the subject for a while and says what that took. */
  sample(seconds: number): Promise<Sample>;
}

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** The figure of a sample that ratios compare. */
  readonly mainFigure: string;
  readonly progress: (line: string) => void;
}

export async function interleave(
  subjects: readonly Subject[],
  missing: readonly MissingSubject[],
  plan: Plan,
): Promise<Measured> {
  for (const subject of subjects) {
    plan.progress(`warming up ${subject.name}`);
    await subject.sample(plan.warmUpSeconds);
  }
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= plan.rounds; round += 1) {
    plan.progress(`round ${round} of ${plan.rounds}: ${subjects.map(({ name }) => name).join(', ')}`);
    for (const subject of subjects) samples.get(subject.name)!.push(await subject.sample(plan.seconds));
  }
  return {
    rounds: plan.rounds,
    subjects: subjects.map(({ name, version }) => ({ name, version, ...medians(samples.get(name)!) })),
    missing,
    ratios: ratios(samples, plan.mainFigure),
  };
}

/** Median of each figure that the samples have. */
export function medians(samples: readonly Sample[]): Omit<SubjectFigures, 'name' | 'version'> {
  const figures = Object.keys(samples[0] ?? {});
  return Object.fromEntries(
    figures.map((figure) => [figure, round(median(samples.map((sample) => sample[figure]!)))]),
  );
}

/** Each way of weft against every peer that runs in the same way: `weft/haproxy`, `weft-inbound/haproxy-inbound`. */
export function ratios(
  samples: ReadonlyMap<string, readonly Sample[]>,
  figure: string,
): Record<string, number> {
  const values = (name: string): number[] => samples.get(name)!.map((sample) => sample[figure]!);
  const pairs = [...samples.keys()].filter(isWeft).flatMap((weft) => {
    const peers = [...samples.keys()].filter((name) => !isWeft(name) && wayOf(name) === wayOf(weft));
    return peers.flatMap((peer) => {
      const ratio = ratioOf(values(weft), values(peer));
      return ratio === undefined ? [] : [[`${weft}/${peer}`, round(ratio)] as const];
    });
  });
  return Object.fromEntries(pairs);
}

function isWeft(name: string): boolean {
  return /^weft(-|$)/.test(name);
}

function wayOf(name: string): string {
  return name.replace(/^[^-]*/, '');
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
