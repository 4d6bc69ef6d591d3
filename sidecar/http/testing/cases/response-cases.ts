/** Every case of a response. */
import type { Side } from '../message-reader.ts';
import type { Case } from './case.ts';
import { RESPONSE_CHUNKS } from './chunks.ts';
import { RESPONSE_CODINGS } from './codings.ts';
import { RESPONSE_CONNECTIONS } from './connections.ts';
import { RESPONSE_FIELDS } from './field-lines.ts';
import { RESPONSE_LENGTHS } from './lengths.ts';
import { ANSWERS_TO_HEAD, STATUS_LINES } from './status-lines.ts';

export const RESPONSE_CASES: Readonly<Record<string, readonly [Side, readonly Case[]]>> = {
  'status line': ['response', STATUS_LINES],
  'answer to HEAD': ['response to HEAD', ANSWERS_TO_HEAD],
  'field line': ['response', RESPONSE_FIELDS],
  length: ['response', RESPONSE_LENGTHS],
  coding: ['response', RESPONSE_CODINGS],
  chunk: ['response', RESPONSE_CHUNKS],
  connection: ['response', RESPONSE_CONNECTIONS],
};
