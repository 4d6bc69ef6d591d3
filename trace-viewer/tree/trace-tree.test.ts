import { describe, expect, test } from 'vitest';
import { readSpans } from '../otlp/read-spans.ts';
import { type Hop, PAGE, requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import { type TreeNode, treeOf, walk } from './trace-tree.ts';

const traceOf = (hops: readonly Hop[]) => ({
  traceId: traceIdFor(1),
  spans: readSpans(requestOf(1, 1_000, hops)).spans,
  refused: 0,
});
const idOf = (node: TreeNode): number => Number.parseInt(node.owned.span.spanId, 16);
/** As `1(2(3))`: ids with their children. */
const drawn = (nodes: readonly TreeNode[]): string =>
  nodes
    .map((node) => `${idOf(node)}${node.children.length > 0 ? `(${drawn(node.children)})` : ''}`)
    .join(' ');
const hop = (id: number, parent: number, rest: Partial<Hop> = {}): Hop => ({
  ...{ service: 'a', name: 'n', kind: 'server', from: id, took: 1 },
  ...rest,
  id,
  parent,
});

describe('a tree', () => {
  test('is whole when all came, children in the order of their starts, whatever the order of arrival', () => {
    const whole = '1(2(3(4)) 5(6(7(8(9 10(11))))))';
    expect(drawn(treeOf(traceOf(PAGE)).roots)).toBe(whole);
    const tree = treeOf(traceOf(PAGE.toReversed()));
    expect(drawn(tree.roots)).toBe(whole);
    expect(tree).toMatchObject({ missing: [], spans: 11, depth: 7, durationUs: 46_000, startUs: 1_000_000 });
  });

  test('shows spans whose parent did not come, and says which', () => {
    const tree = treeOf(traceOf(PAGE.filter(({ id }) => id !== 7)));
    expect(drawn(tree.roots)).toBe('1(2(3(4)) 5(6)) 8(9 10(11))');
    expect(tree.missing).toEqual(['0000000000000007']);
    expect([...walk(tree.roots)].filter(({ orphan }) => orphan).map(idOf)).toEqual([8]);
  });

  test.each([
    ['itself', [hop(1, 1)], '1'],
    ['a circle of two', [hop(1, 2), hop(2, 1)], '1(2)'],
    ['a circle beside a tree', [hop(1, 0), hop(2, 3), hop(3, 2)], '1 2(3)'],
  ])('ends where parents go in circles: %s', (_what, hops, expected) => {
    expect(drawn(treeOf(traceOf(hops)).roots)).toBe(expected);
  });

  test('of a trace without spans is empty', () => {
    expect(treeOf({ traceId: traceIdFor(1), spans: [], refused: 0 })).toMatchObject({
      roots: [],
      spans: 0,
      depth: 0,
    });
  });

  test('of a chain without end goes on at the left', () => {
    const chain = Array.from({ length: 5_000 }, (_, i) => hop(i + 1, i));
    const tree = treeOf(traceOf(chain));
    expect([...walk(tree.roots)]).toHaveLength(5_000);
    expect(tree.depth).toBeLessThanOrEqual(201);
    expect(tree.tooDeep).toBe(true);
    expect(treeOf(traceOf(chain.slice(0, 201))).tooDeep).toBe(false);
  });
});

describe('clocks that differ', () => {
  const caller = hop(1, 0, { kind: 'client', from: 100, took: 10 });
  const callee = (from: number, took = 4): Hop => hop(2, 1, { service: 'b', from, took });
  const child = (shift: Hop): TreeNode =>
    treeOf(traceOf([caller, shift, hop(3, 2, { service: 'b', from: shift.from })])).roots[0]!.children[0]!;

  test.each([
    ['within its caller', callee(103), 0],
    ['a little early, as two clocks read', callee(99.5), 0],
    ['begins before its caller', callee(50), 53_000],
    ['begins after its caller ended', callee(500), -397_000],
    ['takes longer than its caller, and begins before it', callee(50, 40), 50_000],
  ])('%s', (_what, server, shiftUs) => {
    const node = child(server);
    expect(node.shiftUs).toBeCloseTo(shiftUs, 3);
    expect(node.children[0]!.shiftUs).toBeCloseTo(shiftUs, 3);
  });

  test('are not told from the spans of one service', () => {
    const own = hop(2, 1, { service: 'a', from: 50, took: 1 });
    expect(treeOf(traceOf([caller, own])).roots[0]!.children[0]!.shiftUs).toBe(0);
  });
});
