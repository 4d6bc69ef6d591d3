/**
 * Apps that answer a head and take no notice of its body (0.CL): what comes of the body later is the beginning of a request
 * to them, and the next one that rides the same connection would end it.
 */
import { expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { type RawServer, startRawServer, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
import { readAnswers } from './answers.ts';
import { head } from './payload.ts';

/** Answers every head with the target that it asks for. */
function startBodilessApp(): Promise<RawServer> {
  return startRawServer((connection) => {
    for (let end = connection.text.indexOf('\r\n\r\n'); end >= 0; end = connection.text.indexOf('\r\n\r\n')) {
      const target = connection.text.split(' ')[1]!;
      connection.text = connection.text.slice(end + 4);
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`);
    }
  });
}

const HALF_A_REQUEST = 'GET /smuggled HTTP/1.1\r\nX-Rest: ';

test.each([
  ['a length', `Content-Length: ${HALF_A_REQUEST.length}`, HALF_A_REQUEST],
  [
    'chunks',
    'Transfer-Encoding: chunked',
    `${HALF_A_REQUEST.length.toString(16)}\r\n${HALF_A_REQUEST}\r\n0\r\n\r\n`,
  ],
])('a body of %s behind its answer is not the beginning of the next request', async (_, framing, body) => {
  await using app = await startBodilessApp();
  await using sidecar = await startSidecar(
    targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
  );
  const client = sidecar.connect();
  client.send(head('POST /a', framing));
  expect(await client.response()).toMatch(/\r\n\r\n\/a$/);
  client.send(body);
  client.send(head('GET /own'));
  expect(await client.response()).toMatch(/\r\n\r\n\/own$/);
  const victim = sidecar.connect();
  victim.send(head('GET /victim'));
  await victim.until((text) => readAnswers(text, () => false).answers.length > 0);
  expect(readAnswers(victim.text, () => false).answers.map(({ body: own }) => own)).toEqual(['/victim']);
});
