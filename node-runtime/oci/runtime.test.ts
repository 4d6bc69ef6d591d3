import { expect, test } from 'vitest';
import { parseMessage } from './monitor.ts';
import { chooseRuntime, parseComplaint } from './runtime.ts';

test.each([
  ['crun where both work', ['runc', 'crun'], 'v2', undefined, 'crun'],
  ['crun on plain version 1', ['runc', 'crun'], 'v1', undefined, 'crun'],
  ['runc where crun refuses the host', ['runc', 'crun'], 'hybrid', undefined, 'runc'],
  ['what there is', ['runc'], 'v2', undefined, 'runc'],
  ['what is forced', ['runc', 'crun'], 'v2', 'runc', 'runc'],
  ['nothing when only crun is there and refuses', ['crun'], 'hybrid', undefined, undefined],
  ['nothing when what is forced is missing', ['runc'], 'v2', 'crun', undefined],
] as const)('chooses %s', (_, installed, mode, forced, expected) => {
  expect(chooseRuntime(new Set(installed), mode, forced)).toBe(expected);
});

test('the last error in the log is the reason', () => {
  const log = [
    '{"level":"error","msg":"first","time":"x"}',
    'not json',
    '{"level":"error","msg":"runc create failed: no such file","time":"x"}',
    '{"level":"info","msg":"later","time":"x"}',
  ].join('\n');
  expect(parseComplaint(log)).toBe('runc create failed: no such file');
  expect(parseComplaint('')).toBeUndefined();
});

test.each([
  ['{"data": 4711}\n', { pid: 4711, words: 'no reason was given' }],
  ['{"data": -1, "message": "it failed\\n"}\n', { pid: -1, words: 'it failed' }],
  ['', undefined],
  ['{"da', undefined],
])('conmon says %s', (text, message) => {
  expect(parseMessage(text)).toEqual(message);
});
