/** Everything that one input is asked. */

import { type Reading, readMessages } from '#sidecar/http/testing/message-reader.ts';
import { wrongDownstream, wrongUpstream } from '#sidecar/http/testing/same-bytes.ts';
import { differenceIn } from './differences.ts';
import type { Input } from './inputs.ts';
import { type Verdict, verdictOn } from './verdicts.ts';

export interface Outcome {
  /** How the reading differs from llhttp's, when it does; known and judged. */
  readonly verdict: Verdict | undefined;
  /** What nobody has judged, or what is wrong whatever anybody thinks. */
  readonly defect: string | undefined;
}

const AGREED: Outcome = { verdict: undefined, defect: undefined };

export function tryInput({ side, text, cuts }: Input): Outcome {
  if (shown(readMessages(side, text)) !== shown(readMessages(side, text, cuts))) {
    return defect(`it is read differently when it is cut at ${cuts.join(', ')}`);
  }
  const wrong = side === 'request' ? wrongUpstream(text) : wrongDownstream(side, text);
  if (wrong !== undefined) return defect(wrong);
  const difference = differenceIn(side, text);
  if (difference === undefined) return AGREED;
  const verdict = verdictOn(difference);
  return verdict === undefined ? defect(`no verdict on: ${difference.kind}`) : { verdict, defect: undefined };
}

function defect(words: string): Outcome {
  return { verdict: undefined, defect: words };
}

/** What must not depend on the cuts: of what is refused in its body, how much of it was passed on by then does. */
function shown({ messages, standing, fault }: Reading): string {
  const settled = messages.filter(({ complete }) => complete || standing !== 'refused');
  return JSON.stringify([settled, standing, fault]);
}
