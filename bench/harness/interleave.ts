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
  /** Which subjects are compared; absent: each way of weft with every peer that runs in the same way. */
  readonly pairs?: readonly (readonly [ours: string, theirs: string])[];
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
    ratios: ratios(samples, plan.mainFigure, plan.pairs ?? peersOf([...samples.keys()])),
  };
}

/** Median of each figure that the samples have. */
export function medians(samples: readonly Sample[]): Omit<SubjectFigures, 'name' | 'version'> {
  const figures = Object.keys(samples[0] ?? {});
  return Object.fromEntries(
    figures.map((figure) => [figure, round(median(samples.map((sample) => sample[figure]!)))]),
  );
}

/** Each way of weft with every peer that runs in the same way: `weft` and `haproxy`, `weft-inbound` and `haproxy-inbound`. */
export function peersOf(names: readonly string[]): (readonly [string, string])[] {
  return names
    .filter(isWeft)
    .flatMap((weft) =>
      names
        .filter((name) => !isWeft(name) && wayOf(name) === wayOf(weft))
        .map((peer) => [weft, peer] as const),
    );
}

/** By `OURS/THEIRS`. */
export function ratios(
  samples: ReadonlyMap<string, readonly Sample[]>,
  figure: string,
  pairs: readonly (readonly [string, string])[],
): Record<string, number> {
  const values = (name: string): number[] => samples.get(name)!.map((sample) => sample[figure]!);
  const told = pairs.flatMap(([ours, theirs]) => {
    const ratio = ratioOf(values(ours), values(theirs));
    return ratio === undefined ? [] : [[`${ours}/${theirs}`, round(ratio)] as const];
  });
  return Object.fromEntries(told);
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
