import { expect, test } from 'vitest';
import { Accounts, disagreements, type Outcome } from './accounts.ts';

type Row = readonly [outcome: Outcome | 'open', status: number, excused?: 'excused'];

function accountsOf(rows: readonly Row[]): Accounts {
  const accounts = new Accounts();
  for (const [outcome, status, excused] of rows) {
    const record = accounts.open('web');
    record.status = status;
    record.excused = excused !== undefined;
    if (outcome !== 'open') accounts.settle(record, outcome);
  }
  return accounts;
}

test.each<[string, Row[], [number, number][], string[]]>([
  ['nothing', [], [], []],
  [
    'what all clients waited for',
    [
      ['answered', 200],
      ['answered', 200],
      ['cut', 503],
    ],
    [
      [200, 2],
      [503, 1],
    ],
    [],
  ],
  [
    'what was counted twice',
    [['answered', 200]],
    [[200, 2]],
    [
      'web: 1 responses 200 were seen, the sidecar counts 2',
      'web: the sidecar counts 2 requests, there were 1 to 1',
    ],
  ],
  [
    'what was not counted',
    [
      ['answered', 200],
      ['answered', 200],
    ],
    [[200, 1]],
    [
      'web: 2 responses 200 were seen, the sidecar counts 1',
      'web: the sidecar counts 1 requests, there were 2 to 2',
    ],
  ],
  [
    'a status that nobody saw',
    [['answered', 200]],
    [[504, 1]],
    [
      'web: 1 responses 200 were seen, the sidecar counts 0',
      'web: 0 responses 504 were seen, the sidecar counts 1',
    ],
  ],
  ['a client that left, counted', [['left', 0]], [[0, 1]], []],
  ['a client that left, not counted', [['left', 0]], [], []],
  ['a request that was never sent', [['unsent', 0]], [], []],
  [
    'a request that was never sent, and counted',
    [['unsent', 0]],
    [[0, 1]],
    [
      'web: 0 responses without status were seen, the sidecar counts 1',
      'web: the sidecar counts 1 requests, there were 0 to 0',
    ],
  ],
  [
    'a request that followed a close',
    [
      ['answered', 200],
      ['unanswered', 0, 'excused'],
    ],
    [[200, 1]],
    [],
  ],
  ['a request that hangs', [['open', 0]], [], ['web: 1 requests began, 0 came to an end']],
])('%s', (_name, rows, counted, expected) => {
  expect(disagreements(accountsOf(rows), new Map([['web', new Map(counted)]]))).toEqual(expected);
});

test('settles once', () => {
  const accounts = new Accounts();
  const record = accounts.open('web');
  accounts.settle(record, 'answered');
  accounts.settle(record, 'left');
  expect([accounts.settled, accounts.of('left')]).toEqual([1, 0]);
});

test('does not take requests that nobody sent', () => {
  expect(disagreements(new Accounts(), new Map([['web', new Map([[200, 1]])]]))).toHaveLength(1);
});
