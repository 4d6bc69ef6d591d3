/** Every case of a request. */
import type { Case } from './case.ts';
import { REQUEST_CHUNKS } from './chunks.ts';
import { REQUEST_CODINGS } from './codings.ts';
import { REQUEST_CONNECTIONS } from './connections.ts';
import { REQUEST_FIELDS } from './field-lines.ts';
import { HOSTS } from './hosts.ts';
import { REQUEST_LENGTHS } from './lengths.ts';
import { REQUEST_LINES } from './request-lines.ts';
import { REQUEST_TARGETS } from './request-targets.ts';

export const REQUEST_CASES: Readonly<Record<string, readonly Case[]>> = {
  'request line': REQUEST_LINES,
  'request target': REQUEST_TARGETS,
  host: HOSTS,
  'field line': REQUEST_FIELDS,
  length: REQUEST_LENGTHS,
  coding: REQUEST_CODINGS,
  chunk: REQUEST_CHUNKS,
  connection: REQUEST_CONNECTIONS,
};
