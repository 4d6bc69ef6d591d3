import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CORPUS } from './corpus.ts';
import { differenceIn } from './differences.ts';
import { inputOf } from './inputs.ts';
import { verdictTable } from './readme-table.ts';
import { tryInput } from './trial.ts';
import { VERDICTS, verdictOn } from './verdicts.ts';

const RUNS = Number(process.env['WEFT_FUZZ_RUNS'] ?? 20_000);

test('inputs of a fixed seed show no defect', () => {
  const needed = new Set<string>();
  for (let iteration = 0; iteration < RUNS; iteration++) {
    const input = inputOf(1, iteration);
    const { verdict, defect } = tryInput(input);
    expect(defect, `input ${iteration}: ${JSON.stringify(input.text)}`).toBeUndefined();
    if (verdict !== undefined) needed.add(verdict.name);
  }
  expect(needed.size).toBeGreaterThan(15);
});

test('no case of the tables shows a defect', () => {
  for (const [side, texts] of Object.entries(CORPUS)) {
    for (const text of texts) {
      const { defect } = tryInput({ side: side as keyof typeof CORPUS, text, cuts: [text.length >> 1] });
      expect(defect, JSON.stringify(text)).toBeUndefined();
    }
  }
});

test('an input can be had again', () => {
  expect(inputOf(7, 1234)).toEqual(inputOf(7, 1234));
  expect(inputOf(7, 1234)).not.toEqual(inputOf(8, 1234));
});

describe('a verdict', () => {
  test('wants to see its reason', () => {
    const kind = 'the codec refuses it (contentLength), llhttp takes it';
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ';
    expect(verdictOn({ kind, before: '', rest: `${head}5\r\n\r\nhello` })).toBeUndefined();
    expect(verdictOn({ kind, before: '', rest: `${head}5\t\r\n\r\nhello` })?.name).toBe('contentLength');
  });

  test('there is none on messages that end elsewhere', () => {
    const kinds = ['both take it, with another content', 'the codec takes it, llhttp waits for the body'];
    for (const kind of kinds) {
      expect(verdictOn({ kind, before: '', rest: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' })).toBeUndefined();
    }
  });

  test.each(VERDICTS)('on "$name" has a name of its own', ({ name }) => {
    expect(VERDICTS.filter((other) => other.name === name)).toHaveLength(1);
  });
});

test('a difference is told with the bytes before it', () => {
  const first = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
  const second = 'GET /b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n';
  expect(differenceIn('request', first)).toBeUndefined();
  expect(differenceIn('request', first + second)).toEqual({
    kind: 'the codec refuses it (hostTwice), llhttp takes it',
    before: first,
    rest: second,
  });
});

test('the page lists every verdict', () => {
  expect(readFileSync(new URL('README.md', import.meta.url), 'utf8')).toContain(verdictTable());
});
