/** Where the fuzzer starts: every case of the tables that is short enough to be worth many mutations. */
import { REQUEST_CASES } from '#sidecar/http/testing/cases/request-cases.ts';
import { RESPONSE_CASES } from '#sidecar/http/testing/cases/response-cases.ts';
import type { Side } from '#sidecar/http/testing/message-reader.ts';

const MAX_BYTES = 2048;

const short = (text: string): boolean => text.length <= MAX_BYTES;
const responses = Object.values(RESPONSE_CASES).flatMap(([, rows]) => rows.map(([, bytes]) => bytes));

/** Texts of each side, latin1. What a table has for responses is read as an answer to HEAD, too. */
export const CORPUS: Readonly<Record<Side, readonly string[]>> = {
  request: Object.values(REQUEST_CASES)
    .flatMap((rows) => rows.map(([, bytes]) => bytes))
    .filter(short),
  response: responses.filter(short),
  'response to HEAD': responses.filter(short),
};
