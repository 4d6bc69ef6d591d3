/**
 * The spans of a trace as a tree by parents, for people to look at. Whatever came is shown: a parent that never came has a
 * place of its own, parents that go in a circle are cut apart, and a clock that is off is set right, told as such. Pure.
 */
import type { OwnedSpan, Trace } from '../model/span.ts';

export interface TreeNode {
  readonly owned: OwnedSpan;
  readonly depth: number;
  readonly children: readonly TreeNode[];
  /** Its parent did not come, or not yet. */
  readonly orphan: boolean;
  /** Microseconds from the start of the trace, with clocks set right. */
  readonly offsetUs: number;
  /** What was added to the times of this span and those beneath it; 0 when they fit. */
  readonly shiftUs: number;
}

export interface TraceTree {
  readonly traceId: string;
  /** In the order of their starts. */
  readonly roots: readonly TreeNode[];
  /** Ids of parents that did not come. */
  readonly missing: readonly string[];
  readonly startUs: number;
  readonly durationUs: number;
  readonly spans: number;
  readonly depth: number;
  /** It is deeper than is drawn; what is beneath goes on at the left. */
  readonly tooDeep: boolean;
}

/** How much a caller's and a callee's clock may differ before it is called wrong: what it takes to read them twice. */
const TOLERANCE_US = 1_000;

/** Deeper trees go on beside it: nobody reads further to the right, and a stack has an end. */
const DEEPEST = 200;

export function treeOf(trace: Trace): TraceTree {
  const byId = new Map(trace.spans.map((owned) => [owned.span.spanId, owned]));
  const ids = new Set(byId.keys());
  const children = Map.groupBy(trace.spans, ({ span }) => span.parentId);
  const missing = [...children.keys()].filter((id) => id !== '' && !ids.has(id));
  const placed = new Set<OwnedSpan>();
  let deepest = 0;
  let tooDeep = false;
  let startUs = Infinity;
  let endUs = -Infinity;

  const place = (
    owned: OwnedSpan,
    depth: number,
    shiftAbove: number,
    parent: OwnedSpan | undefined,
  ): Placed => {
    placed.add(owned);
    deepest = Math.max(deepest, depth);
    const shiftUs = shiftAbove + skewOf(owned, parent, shiftAbove);
    const from = owned.span.startUs + shiftUs;
    startUs = Math.min(startUs, from);
    endUs = Math.max(endUs, from + owned.span.durationUs);
    const below = (children.get(owned.span.spanId) ?? []).filter((child) => !placed.has(child));
    if (depth >= DEEPEST && below.length > 0) tooDeep = true;
    const nodes = (depth >= DEEPEST ? [] : below).map((child) => place(child, depth + 1, shiftUs, owned));
    const orphan = owned.span.parentId !== '' && !ids.has(owned.span.parentId);
    return { owned, depth, children: nodes.sort(byStart), orphan, from, shiftUs };
  };

  const tops = trace.spans.filter(({ span }) => span.parentId === '' || !ids.has(span.parentId));
  const roots = tops.map((owned) => place(owned, 0, 0, undefined));
  // What is left goes in circles, or too deep: whoever began first is taken for the top.
  for (const owned of trace.spans.toSorted((a, b) => a.span.startUs - b.span.startUs)) {
    if (!placed.has(owned)) roots.push(place(owned, 0, 0, undefined));
  }
  return {
    traceId: trace.traceId,
    roots: roots.sort(byStart).map((root) => settled(root, startUs)),
    missing,
    startUs,
    durationUs: Math.max(0, endUs - startUs),
    spans: trace.spans.length,
    depth: trace.spans.length === 0 ? 0 : deepest + 1,
    tooDeep,
  };
}

interface Placed {
  readonly owned: OwnedSpan;
  readonly depth: number;
  readonly children: readonly Placed[];
  readonly orphan: boolean;
  readonly from: number;
  readonly shiftUs: number;
}

const byStart = (a: Placed, b: Placed): number => a.from - b.from;

function settled({ owned, depth, children, orphan, from, shiftUs }: Placed, startUs: number): TreeNode {
  const nodes = children.map((child) => settled(child, startUs));
  return { owned, depth, children: nodes, orphan, shiftUs, offsetUs: from - startUs };
}

/**
 * A callee cannot begin before its caller does, nor after it ended: then its clock is another one, and it is put into the
 * middle of its caller, as the same time on the way there and back would have it. Spans of one service share a clock.
 */
function skewOf(owned: OwnedSpan, parent: OwnedSpan | undefined, shiftAbove: number): number {
  if (parent === undefined || parent.origin === owned.origin || owned.span.kind !== 'server') return 0;
  const parentFrom = parent.span.startUs + shiftAbove;
  const from = owned.span.startUs + shiftAbove;
  const tooEarly = from < parentFrom - TOLERANCE_US;
  const tooLate = from > parentFrom + parent.span.durationUs + TOLERANCE_US;
  if (!tooEarly && !tooLate) return 0;
  return parentFrom + Math.max(0, (parent.span.durationUs - owned.span.durationUs) / 2) - from;
}

/** All nodes from the top down, each before those beneath it. */
export function* walk(nodes: readonly TreeNode[]): Generator<TreeNode> {
  for (const node of nodes) {
    yield node;
    yield* walk(node.children);
  }
}
