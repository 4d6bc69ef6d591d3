/** Requests put together at random from the pieces that payloads are made of. */
import { METHODS } from 'node:http';
import fc from 'fast-check';
import { explain } from '#sidecar/http/fault.ts';
import { type ReadMessage, readMessages, type Standing } from '#sidecar/http/testing/message-reader.ts';
import type { Ending, Payload, Seen } from './payload.ts';

const requestLine = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('GET /a', 'POST /b', 'PUT /c', 'HEAD /d', 'OPTIONS /e', 'DELETE /f'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'GET http://app.test/g',
      'GET  /h',
      'GET /i#',
      'GET i',
      'get /j k',
      'CONNECT l:1',
    ),
  },
);

const version = fc.oneof(
  { weight: 12, arbitrary: fc.constant(' HTTP/1.1\r\n') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(' HTTP/1.0\r\n', ' HTTP/1.1\n', ' HTTP/1.1 \r\n', ' HTTP/2.0\r\n', '\r\n'),
  },
);

/** Fields that change nothing, fields that frame, and fields that are none. */
const field = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'X-A: b\r\n',
      'Connection: keep-alive\r\n',
      'Connection: x-a\r\n',
      'Keep-Alive: timeout=1\r\n',
      'TE: trailers\r\n',
      'Expect: 100-continue\r\n',
      'Upgrade: websocket\r\n',
      'Connection: Upgrade\r\nUpgrade: h2c\r\n',
      'X-Content-Length: 9\r\n',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Content-Length: 0\r\n',
      'Content-Length: 5\r\n',
      'Content-Length: 42\r\n',
      'Transfer-Encoding: chunked\r\n',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'Content-Length: 5, 5\r\n',
      'Content-Length: +5\r\n',
      'Content-Length : 5\r\n',
      'Transfer-Encoding: xchunked\r\n',
      'Transfer-Encoding:\tchunked\r\n',
      'Transfer-Encoding:\r\n chunked\r\n',
      'Connection: close\r\n',
      'Connection: content-length\r\n',
      'X: y\nContent-Length: 5\r\n',
      'X: y\rContent-Length: 5\r\n',
      ' folded\r\n',
      'Host: app.test\r\n',
      '\0: x\r\n',
      'no colon\r\n',
    ),
  },
);

const head = fc
  .tuple(
    requestLine,
    version,
    fc.array(field, { maxLength: 3 }),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n', ''),
  )
  .map(([line, end, fields, empty]) => `${line}${end}Host: app.test\r\n${fields.join('')}${empty}`);

const body = fc.constantFrom(
  '',
  '',
  '',
  'hello',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\nX-T: u\r\n\r\n',
  '2a\r\nGET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n\r\n0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n',
  '5\r\nhello0\r\n\r\n',
  '5\nhello\n0\n\n',
  '0\r\nContent-Length: 5\r\n\r\n',
  '\r\n',
  '\n',
);

/** What the codec makes of random requests, to be seen by an app in the same way; Node's takes only methods that it knows. */
export const randomPayload: fc.Arbitrary<Payload> = fc
  .array(fc.tuple(head, body), { minLength: 1, maxLength: 4 })
  .map((requests) => payloadOf(requests.flat().join('')))
  .filter(({ saw }) => saw.every((what) => METHODS.includes(what.slice(0, what.indexOf(' ')))));

/** Half a line may lie unread until its end comes, or its time is over. */
const LINE_END = '\r\n';

function payloadOf(bytes: string): Payload {
  const { messages, standing, fault } = readMessages('request', bytes);
  const saw = messages.filter(({ complete }) => complete).map(sawOf);
  const refused = standing === 'refused';
  const refusal = refused ? explain(fault).status : undefined;
  return {
    name: '',
    source: '',
    bytes: refused ? `${bytes}${LINE_END}` : bytes,
    saw,
    ending: ENDINGS[standing],
    refusal,
    unknownTo: [],
  };
}

const ENDINGS: Readonly<Record<Standing, Ending>> = {
  between: 'open',
  over: 'closed',
  refused: 'closed',
  'in-head': 'waiting',
  'in-body': 'waiting',
};

function sawOf({ start, content }: ReadMessage): Seen {
  return `${start.replace(' http://app.test', ' ')} ${content.length}`;
}
