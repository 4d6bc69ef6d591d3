import { expect, test } from 'vitest';
import { outgoingInWords } from './outgoing-in-words.ts';

const HEAD = 'GET /sent?q HTTP/1.1\r\nHost: a.test\r\nX-Envoy-Original-Path: /asked?q\r\n\r\n';

test.each([
  ['as its sender asked for it, when it was rewritten', true, '/asked?q'],
  ['as it was sent, whatever a line of its sender claims', false, '/sent?q'],
])('a request is told %s', (_, rewritten, path) => {
  const bytes = Buffer.from(`${HEAD}body`);
  const told = outgoingInWords({ bytes, rewritten });
  expect(told).toEqual({ method: 'GET', path, authority: 'a.test' });
});

test('what cannot be read is not told', () => {
  const bytes = Buffer.from('GET');
  const told = outgoingInWords({ bytes, rewritten: false });
  expect(told).toBeUndefined();
});
