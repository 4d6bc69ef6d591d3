import { describe, expect, test } from 'vitest';
import { CHANNEL, END_OF_STDIN, frame, outcomeOf } from './channels.ts';

test('a frame begins with its channel', () => {
  expect([...frame(CHANNEL.stdin, Buffer.from('ab'))]).toEqual([0, 97, 98]);
  expect([...END_OF_STDIN]).toEqual([255, 0]);
});

const nonZero = (message: string): string =>
  JSON.stringify({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message }] },
  });

describe('the status of a command', () => {
  test.each([
    ['success', '{"status":"Success"}', { exitCode: 0 }],
    ['an exit code', nonZero('3'), { exitCode: 3 }],
    ['a refusal', '{"status":"Failure","message":"no such container"}', { failure: 'no such container' }],
    ['a refusal without words', '{"status":"Failure","reason":"Forbidden"}', { failure: 'Forbidden' }],
    ['nonsense', 'x', { failure: 'the server sent a status that cannot be read: x' }],
  ])('%s', (_name, text, outcome) => {
    expect(outcomeOf(text)).toEqual(outcome);
  });
});
