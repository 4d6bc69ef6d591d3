import { expect, test } from 'vitest';
import { warningsOf } from './http1-latency.ts';

const subject = (name: string, generatorLateP99Ms?: number) => ({
  name,
  version: '1',
  ...(generatorLateP99Ms !== undefined && { generatorLateP99Ms }),
});

test('a generator in time is not worth a word', () => {
  expect(warningsOf([subject('direct', 0.2), subject('weft', 0.9), subject('haproxy')])).toEqual([]);
});

test('the latest generator is named', () => {
  const [warning, ...others] = warningsOf([subject('direct', 2), subject('weft', 35.17)]);
  expect(warning).toContain('up to 35.2 ms late');
  expect(others).toEqual([]);
});
