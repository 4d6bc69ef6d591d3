/**
 * Sends a payload through a sidecar and looks at it from three sides: the client's answers, the requests that the app saw,
 * and what becomes of those who come after, on the same connection and on others, which ride the same connections to
 * the app.
 */
import { expect } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  type Client,
  type SidecarUnderTest,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { type Answer, readAnswers } from './answers.ts';
import type { Origin } from './origin.ts';
import { head, type Payload } from './payload.ts';

/** How the bytes are cut into writes. */
export type Cutting = (bytes: string) => readonly string[];
export const whole: Cutting = (bytes) => [bytes];

/** On the side of the callers, or of the app: `inbound`. */
export function startSidecarBefore(
  { port }: { readonly port: number },
  direction: 'outbound' | 'inbound' = 'outbound',
): Promise<SidecarUnderTest> {
  return startSidecar(targetOf({ cluster: new FakeCluster(new FakeEndpoint(port)) }), direction);
}

export async function replay(
  sidecar: SidecarUnderTest,
  origin: Origin,
  payload: Payload,
  cutting: Cutting = whole,
): Promise<void> {
  const client = sidecar.connect();
  await sendCut(client, cutting(payload.bytes));
  const answers = await firstAnswers(client, payload);
  expect(answers.map(({ status }) => status)).toEqual(expectedStatuses(payload, origin));
  if (payload.ending === 'open') await expectOwnAnswer(client, payload, answers.length);
  else if (payload.ending === 'closed') await expectClosed(client, payload);
  client.socket.destroy();
  for (let i = 0; i < MARKERS_ELSEWHERE; i++) {
    const other = sidecar.connect();
    await expectOwnAnswer(other, undefined, 0);
    other.socket.destroy();
  }
  await expectSeen(origin, payload, cutting !== whole);
}

const MARKERS_ELSEWHERE = 2;

/**
 * What an app turned away counts as well: it may be the rest of a payload. Requests that it got half of do not: what comes
 * in pieces is passed on in pieces.
 */
async function expectSeen(origin: Origin, payload: Payload, cut: boolean): Promise<void> {
  const unknown = isUnknownTo(payload, origin);
  const markers = MARKERS_ELSEWHERE + (payload.ending === 'open' ? 1 : 0);
  const taken = await origin.taken(markers + (unknown ? 0 : payload.saw.length));
  const partial = unknown || payload.ending === 'waiting' || (cut && payload.refusal !== undefined);
  const seen = taken.filter(
    (what) => !what.includes(' /marker-') && !(partial && what.startsWith('refused ')),
  );
  expect(seen).toEqual(unknown ? [] : payload.saw);
}

async function sendCut(client: Client, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (client.ended) return;
    client.send(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function firstAnswers(client: Client, payload: Payload): Promise<readonly Answer[]> {
  const count = payload.saw.length + (payload.refusal === undefined ? 0 : 1);
  const read = (): readonly Answer[] => readAnswers(client.text, toHeadIn(payload)).answers;
  if (count > 0) await client.until(() => read().length >= count);
  return read();
}

function expectedStatuses(payload: Payload, origin: Origin): unknown[] {
  const ok = isUnknownTo(payload, origin) ? expect.any(Number) : 200;
  const own = payload.refusal === undefined ? [] : [payload.refusal];
  return [...payload.saw.map(() => ok), ...own];
}

async function expectClosed(client: Client, payload: Payload): Promise<void> {
  await client.untilEnd();
  expect(readAnswers(client.text, toHeadIn(payload)).rest).toBe('');
}

let markers = 0;

/** The next request on this connection gets the answer to itself, and nothing else comes. */
async function expectOwnAnswer(client: Client, payload: Payload | undefined, before: number): Promise<void> {
  markers += 1;
  const target = `/marker-${markers}`;
  const toHead = payload === undefined ? () => false : toHeadIn(payload);
  client.send(head(`GET ${target}`));
  await client.until((text) => readAnswers(text, toHead).answers.length > before);
  const { answers, rest } = readAnswers(client.text, toHead);
  expect(answers.slice(before).map(({ body }) => body)).toEqual([`GET ${target} 0`]);
  expect(rest).toBe('');
}

function toHeadIn({ saw }: Payload): (index: number) => boolean {
  return (index) => saw[index]?.startsWith('HEAD ') === true;
}

function isUnknownTo({ unknownTo }: Payload, { name }: Origin): boolean {
  return unknownTo.includes(name);
}
