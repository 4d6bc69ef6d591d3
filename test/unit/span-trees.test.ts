import { describe, expect, test } from 'vitest';
import { type Hop, PAGE, requestOf } from '#trace-viewer/testing/page-of-bookinfo.ts';
import { mistakesIn, outline, type SeenSpan, spansOf, tracesOf } from '../support/span-trees.ts';

const named = PAGE.map((hop) => (hop.name === 'try' ? { ...hop, name: `router ${hop.id} egress` } : hop));
const seen = (hops: readonly Hop[]): SeenSpan[] => spansOf([requestOf(1, 1_000, hops)]);
/** The page with one of its hops as it should not be. */
const changed = (id: number, wrong: Partial<Hop>): SeenSpan[] =>
  seen(named.map((hop) => (hop.id === id ? { ...hop, ...wrong } : hop)));

describe('a tree of spans', () => {
  test('is drawn as its hops, with flags and events', () => {
    expect(outline(seen(named))).toBe(`\
server productpage GET /productpage 200
  client productpage GET /productpage 200
    try productpage 200
      server details GET /productpage 200
  client productpage GET /productpage 200
    try productpage 200
      server reviews GET /productpage 200
        client reviews GET /productpage 200 [retry]
          try reviews 503 UC
          try reviews 200
            server ratings GET /productpage 200`);
  });

  test('has no mistakes when it is whole', () => expect(mistakesIn(seen(named))).toEqual([]));

  test.each<[string, SeenSpan[], string]>([
    ['a span is missing', seen(named.filter(({ id }) => id !== 7)), 'has lost its parent'],
    ['the root is missing', seen(named.slice(1)), 'there are 0 roots'],
    ['a span has no parent', changed(7, { parent: 0 }), 'there are 2 roots'],
    ['parents go in a circle', changed(7, { parent: 10 }), 'parents go in a circle'],
    ['a span came twice', seen([...named, named[3]!]), 'two spans have one id'],
    ['a server span hangs on the request, not on a try', changed(4, { parent: 2 }), 'is not beneath a try'],
    ['a try is beneath a server span', changed(3, { parent: 1 }), 'is a try of nothing'],
    ['a request is beneath a try', changed(8, { parent: 10 }), 'was not asked by its own server span'],
    ['a child begins before its parent', changed(4, { from: -20 }), 'begins before its parent'],
    [
      'two traces are taken for one',
      [...seen(named), ...spansOf([requestOf(2, 1_000, [named[0]!])])],
      'several traces',
    ],
  ])('has a mistake when %s', (_what, spans, mistake) => {
    expect(mistakesIn(spans).join('; ')).toContain(mistake);
  });

  test('is told from others by the id of its trace', () => {
    const both = spansOf([requestOf(1, 0, named), requestOf(2, 0, named.slice(0, 2))]);
    expect([...tracesOf(both).values()].map(({ length }) => length)).toEqual([11, 2]);
  });
});
