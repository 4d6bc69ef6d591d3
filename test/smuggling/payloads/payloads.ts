import type { Payload } from '../payload.ts';
import { CHUNKS } from './chunks.ts';
import { CODINGS } from './codings.ts';
import { HOPS } from './hops.ts';
import { LENGTHS } from './lengths.ts';
import { LINES } from './lines.ts';
import { SEQUENCES } from './sequences.ts';
import { TARGETS } from './targets.ts';

/** All payloads, in the order of what they play with. */
export const PAYLOADS: readonly Payload[] = [
  ...LENGTHS,
  ...CODINGS,
  ...CHUNKS,
  ...LINES,
  ...TARGETS,
  ...HOPS,
  ...SEQUENCES,
];
