import type { Payload } from '../payload.ts';
import { LENGTHS } from './lengths.ts';

/** All payloads, in the order of what they play with. */
export const PAYLOADS: readonly Payload[] = [...LENGTHS];
