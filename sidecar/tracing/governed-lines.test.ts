/** Rules that edit header lines, and the lines of a trace: who has the last word on a name. */
import { expect, test } from 'vitest';
import { AddedLines, ENTROPY_BYTES } from '#sidecar/http/added-lines.ts';
import { Head } from '#sidecar/http/head.ts';
import { type MessageEdits, makeEdits } from '#sidecar/http/message-edits.ts';
import { RequestComposer } from '#sidecar/http/request-composer.ts';
import { scanRequest } from '#sidecar/http/scan-request.ts';
import { Traced, valuesOf } from './testing/traced.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const B3 = `b3: ${TRACE}-${SPAN}-1`;

/** What goes upstream of a request with B3 that is recorded. */
function edited(edits: MessageEdits): string[] {
  const added = new AddedLines({
    peerMetadata: '',
    traceparent: true,
    entropy: () => Buffer.alloc(ENTROPY_BYTES, 7),
  });
  const composer = new RequestComposer(added, { address: '10.0.0.1', port: 80 }, 'fallback');
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\n${B3}\r\n\r\n`);
  const head = new Head();
  const end = scanRequest(bytes, 0, bytes.length, head);
  const trace = new Traced().tracing.begin(bytes, head, 0);
  const changes = { path: undefined, authority: undefined, edits };
  const composed = composer.compose(bytes, head, end, end, false, changes, undefined, trace);
  return composed.bytes.toString('latin1').split('\r\n');
}

test.each([
  ['removes b3', { remove: ['b3'], set: [] }, [], 1],
  ['sets b3', { remove: [], set: [{ name: 'B3', value: '0' }] }, ['0'], 1],
  ['removes the traceparent, and so what it comes with', { remove: ['traceparent'], set: [] }, [], 0],
  ['removes something else', { remove: ['x-other'], set: [] }, [expect.stringContaining(TRACE)], 1],
] as const)('a rule that %s', (_what, edits, b3, traceparents) => {
  const lines = edited(makeEdits({ remove: [...edits.remove], set: [...edits.set], add: [] }));
  expect(
    valuesOf(
      lines.map((line) => line.replace(/^B3/, 'b3')),
      'b3',
    ),
  ).toEqual(b3);
  expect(valuesOf(lines, 'traceparent')).toHaveLength(traceparents);
});
