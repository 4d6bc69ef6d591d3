/** What is tried: message sequences by the grammar or from the corpus, most of them mutated. */
import { seededRandom } from '#api/foundation/random.ts';
import type { Side } from '#sidecar/http/testing/message-reader.ts';
import { CORPUS } from './corpus.ts';
import { Dice } from './dice.ts';
import { request, response } from './grammar.ts';
import { mutate } from './mutations.ts';

export interface Input {
  readonly side: Side;
  /** Bytes of a connection, latin1. */
  readonly text: string;
  /** Where it is cut into reads, for a second reading. */
  readonly cuts: readonly number[];
}

const MOST_CUTS = 6;

/** The input number `iteration` of `seed`: any of them can be had without those before it. */
export function inputOf(seed: number, iteration: number): Input {
  const dice = new Dice(seededRandom(Math.imul(seed, 0x9e3779b1) ^ iteration));
  const side = dice.usually<Side>(dice.oneIn(3) ? 'response' : 'request', ['response to HEAD', 'response']);
  const drawn = dice.oneIn(2) ? byGrammar(side, dice) : dice.pick(CORPUS[side]);
  const text = dice.oneIn(4) ? drawn : mutate(drawn, dice.pick(CORPUS[side]), dice);
  const cuts = Array.from({ length: dice.below(MOST_CUTS) }, () => dice.below(text.length + 1));
  return { side, text, cuts };
}

function byGrammar(side: Side, dice: Dice): string {
  if (side !== 'request') return (dice.oneIn(4) ? 'HTTP/1.1 100 Continue\r\n\r\n' : '') + response(dice);
  return request(dice) + dice.several(2, () => request(dice));
}
