/** What a proxy makes of a payload, as its client sees it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { readAnswers } from '../answers.ts';
import type { Payload } from '../payload.ts';

/** Nothing more is to be expected of a proxy that was silent for so long. */
const QUIET_MS = 150;

/**
 * In words, in the order of the answers: what the app saw, `app STATUS` for what it was sent and did not take, a bare STATUS
 * for the proxy's own; then `closed`, or `waits` where no answer came.
 */
export async function verdictOf(port: number, payload: Payload): Promise<readonly string[]> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  let ended = false;
  let lastMs = performance.now();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    lastMs = performance.now();
  });
  socket.on('error', () => {});
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      ended = true;
    });
  }
  await once(socket, 'connect');
  socket.write(payload.bytes, 'latin1');
  while (!ended && performance.now() - lastMs < QUIET_MS)
    await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
  const toHead = (index: number): boolean => payload.saw[index]?.startsWith('HEAD ') === true;
  const { answers } = readAnswers(text, toHead);
  const words = answers.map(({ status, head }) => {
    const saw = /\r\nx-saw: *([^\r]*)/i.exec(head)?.[1];
    if (saw !== undefined) return saw;
    return /\r\nx-app: /i.test(head) ? `app ${status}` : `${status}`;
  });
  if (words.length > 0) return words;
  return [ended ? 'closed' : 'waits'];
}
