/** Scenarios whose every sample starts a process of its own, so that nothing is left of the sample before. */
import { medians, peersOf, ratios, type Sample } from '../harness/interleave.ts';
import type { Program } from '../harness/programs.ts';
import type { Peer } from '../peers/peer.ts';
import { PEERS } from '../peers/peers.ts';
import type { Measured, MissingSubject } from '../scenario.ts';

export interface FreshSubject {
  readonly name: string;
  readonly version: string;
  sample(): Promise<Sample>;
}

/** The peers that are here, each with what samples it, and the names of the others. */
export function presentPeers(sample: (peer: Peer, program: Program) => Promise<Sample>): {
  readonly subjects: readonly FreshSubject[];
  readonly missing: readonly MissingSubject[];
} {
  const subjects: FreshSubject[] = [];
  const missing: MissingSubject[] = [];
  for (const peer of PEERS) {
    const program = peer.find('http');
    if ('why' in program) missing.push({ name: peer.name, why: program.why });
    else subjects.push({ name: peer.name, version: program.version, sample: () => sample(peer, program) });
  }
  return { subjects, missing };
}

/** `rounds` rounds of all subjects in turn. `more`: figures over all samples of a subject, beside the medians. */
export async function sampleInTurn(
  subjects: readonly FreshSubject[],
  missing: readonly MissingSubject[],
  plan: {
    readonly rounds: number;
    readonly mainFigure: string;
    readonly progress: (line: string) => void;
    readonly more?: (samples: readonly Sample[]) => Sample;
  },
): Promise<Measured> {
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= plan.rounds; round += 1) {
    plan.progress(`round ${round} of ${plan.rounds}: ${subjects.map(({ name }) => name).join(', ')}`);
    for (const { name, sample } of subjects) samples.get(name)!.push(await sample());
  }
  return {
    rounds: plan.rounds,
    subjects: subjects.map(({ name, version }) => {
      const own = samples.get(name)!;
      return { name, version, ...medians(own), ...plan.more?.(own) };
    }),
    missing,
    ratios: ratios(samples, plan.mainFigure, peersOf([...samples.keys()])),
  };
}
