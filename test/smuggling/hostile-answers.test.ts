/**
 * Apps that answer junk: the client gets a 502 that says so, or a reset where a head has gone out already; never a success
 * that was cut, nor anything of the bytes behind an answer, neither now nor as the answer to who comes next.
 */
import { expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  type Client,
  type RawServer,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { readAnswers } from './answers.ts';
import { HOSTILE_ANSWERS, type HostileAnswer } from './hostile-answers.ts';

test.each(HOSTILE_ANSWERS)('$name', async (answer) => {
  let client: Client | undefined;
  await using app = await startHostileApp(answer, async () => {
    await client!.until((text) => text.length > 0);
  });
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  await using sidecar = await startSidecar(targetOf({ cluster }));
  client = sidecar.connect();
  client.send(requestFor(answer));
  await expectOutcome(client, sidecar, answer);
  if (isUnasked(answer)) await (await app.connection(0)).untilEnd();
  const next = client.ended || answer.minor === 0 ? sidecar.connect() : client;
  const others = [sidecar.connect(), sidecar.connect()];
  for (const other of [next, ...others]) {
    const before = other.text.length;
    other.send('GET /next HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await other.until((text) => readAnswers(text.slice(before), () => false).answers.length > 0);
    const { answers, rest } = readAnswers(other.text.slice(before), () => false);
    expect(answers.map(({ body }) => body)).toEqual(['good']);
    expect(rest).toBe('');
  }
});

/** Its first answer is what the row says; the others are good. `passedOn` comes when the client has seen something. */
function startHostileApp(
  { writes, after }: HostileAnswer,
  passedOn: () => Promise<void>,
): Promise<RawServer> {
  let first = true;
  return startRawServer(async (connection) => {
    if (!connection.text.includes('\r\n\r\n')) return;
    connection.text = '';
    if (!first) {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood');
      return;
    }
    first = false;
    for (const [i, write] of writes.entries()) {
      if (i > 0) await passedOn();
      connection.send(write);
    }
    if (after === 'closes') connection.socket.end();
    else if (after === 'resets') {
      if (writes.length > 0) await passedOn();
      connection.socket.resetAndDestroy();
    }
  });
}

/** Bytes come when all was said: the sidecar cuts the connection rather than keep it. */
function isUnasked({ writes, outcome }: HostileAnswer): boolean {
  return writes.length > 1 && outcome.kind === 'passed';
}

function requestFor({ method = 'GET', minor = 1, asksUpgrade }: HostileAnswer): string {
  const upgrade = asksUpgrade === true ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : '';
  return `${method} / HTTP/1.${minor}\r\nHost: app.test\r\n${upgrade}\r\n`;
}

async function expectOutcome(
  client: Client,
  sidecar: SidecarUnderTest,
  answer: HostileAnswer,
): Promise<void> {
  const { outcome, minor } = answer;
  const read = () => readAnswers(client.text, () => answer.method === 'HEAD');
  const observed = () => sidecar.telemetry.requestsSeen.map(({ code, flag }) => [code, flag]);
  if (outcome.kind === 'reset') {
    await client.untilEnd();
    expect(client.error?.message).toContain('ECONNRESET');
    await expect.poll(observed).toEqual([[200, outcome.flag]]);
    if (minor !== 0) expect(read().answers).toEqual([]);
    return;
  }
  if (minor === 0) await client.untilEnd();
  else await client.until(() => read().answers.length > 0);
  const { answers, rest } = read();
  expect(answers.map(({ status }) => status)).toEqual([outcome.status]);
  expect(rest).toBe('');
  if (outcome.kind === 'passed') expect(answers[0]!.body).toBe(outcome.body);
  const flag = outcome.kind === 'passed' ? '-' : outcome.flag;
  await expect.poll(observed).toEqual([[outcome.status, flag]]);
}
