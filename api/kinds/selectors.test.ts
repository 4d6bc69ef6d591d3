import { describe, expect, it } from 'vitest';
import { carries, matchesSelector } from './selectors.ts';

describe('matchesSelector', () => {
  const labels = { app: 'web', tier: 'front' };
  it.each([
    ['nothing asked', {}, true],
    ['an equal label', { matchLabels: { app: 'web' } }, true],
    ['another value', { matchLabels: { app: 'db' } }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In' as const, values: ['db', 'web'] }] }, true],
    [
      'NotIn without the key',
      { matchExpressions: [{ key: 'zone', operator: 'NotIn' as const, values: ['a'] }] },
      true,
    ],
    [
      'NotIn with the value',
      { matchExpressions: [{ key: 'app', operator: 'NotIn' as const, values: ['web'] }] },
      false,
    ],
    ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' as const }] }, true],
    ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' as const }] }, false],
    [
      'a key of the prototype',
      { matchExpressions: [{ key: 'constructor', operator: 'Exists' as const }] },
      false,
    ],
  ])('%s', (_name, selector, expected) => expect(matchesSelector(selector, labels)).toBe(expected));
});

describe('carries', () => {
  it('asks for every pair', () => {
    expect(carries({ a: '1', b: '2' }, { a: '1' })).toBe(true);
    expect(carries({ a: '1' }, { a: '1', b: '2' })).toBe(false);
  });
});
