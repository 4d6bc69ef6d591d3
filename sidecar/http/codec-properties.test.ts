/** What holds of any bytes, near to good ones as they may be. `fuzz` asks the same of many more. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Reading, readMessages, type Side } from './testing/message-reader.ts';
import { mutation, render, requestHead } from './testing/raw-heads.ts';
import { wrongDownstream, wrongUpstream } from './testing/same-bytes.ts';

const body = fc.constantFrom(
  ['', ''],
  ['Content-Length: 5\r\n', 'hello'],
  ['Transfer-Encoding: chunked\r\n', '5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'],
);
const request = fc
  .tuple(requestHead, body)
  .map(([head, [line, bytes]]) => `${render(head).slice(0, -2)}${line}\r\n${bytes}`);
const status = fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 204 x', 'HTTP/1.1 103 x');
const response = fc
  .tuple(status, requestHead, body)
  .map(
    ([line, head, [framing, bytes]]) =>
      `${line}\r\n${head.lines.map(({ raw }) => raw).join('')}${framing}\r\n${bytes}`,
  );
const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(text, { minLength: 1, maxLength: 3 }), fc.array(mutation, { maxLength: 3 }))
    .map(([texts, mutations]) => mutations.reduce((whole, mutate) => mutate(whole), texts.join('')));

/** Of what is refused in its body, how much was passed on by then depends on the cuts; nothing else does. */
function settled({ messages, standing, fault }: Reading): unknown {
  return [messages.filter(({ complete }) => complete || standing !== 'refused'), standing, fault];
}

const SIDES: readonly (readonly [Side, fc.Arbitrary<string>])[] = [
  ['request', damaged(request)],
  ['response', damaged(response)],
  ['response to HEAD', damaged(response)],
];

test.each(SIDES)('%s: bytes cut in two, wherever that is, are the same messages', (side, text) => {
  fc.assert(
    fc.property(text, (bytes) => {
      const whole = settled(readMessages(side, bytes));
      for (let cut = 1; cut < bytes.length; cut++) {
        expect(settled(readMessages(side, bytes, [cut])), `cut at ${cut}`).toEqual(whole);
      }
    }),
    { numRuns: 30 },
  );
});

test.each(SIDES)('%s: bytes cut in many pieces are the same messages', (side, text) => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
      expect(settled(readMessages(side, bytes, cuts))).toEqual(settled(readMessages(side, bytes)));
    }),
    { numRuns: 500 },
  );
});

test('the upstream gets the messages that were judged, and so does the client', () => {
  fc.assert(
    fc.property(damaged(request), damaged(response), (requests, responses) => {
      expect(wrongUpstream(requests)).toBeUndefined();
      expect(wrongDownstream('response', responses)).toBeUndefined();
      expect(wrongDownstream('response to HEAD', responses)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
