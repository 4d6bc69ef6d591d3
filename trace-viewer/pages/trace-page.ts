/** The page of one trace: what it was, what went wrong in it, and its waterfall. Pure. */
import { LIMITS } from '../limits.ts';
import type { Trace } from '../model/span.ts';
import { type TraceTree, type TreeNode, treeOf, walk } from '../tree/trace-tree.ts';
import { type Colour, coloursOf } from './colours.ts';
import { type Html, html } from './html.ts';
import { page } from './layout.ts';
import { waterfall } from './waterfall.ts';
import { durationText, flagsIn, labelOf, plural, reasonOf, timeText } from './words.ts';

export function tracePage(trace: Trace): string {
  const tree = treeOf(trace);
  const nodes = [...walk(tree.roots)];
  const first = tree.roots[0]?.owned;
  const title = first === undefined ? 'Trace' : `${first.origin.service}: ${labelOf(first.span)}`;
  const services = [...new Set(nodes.map(({ owned }) => owned.origin.service))];
  const colour = coloursOf(services);
  return page(
    `${title} · ${durationText(tree.durationUs)}`,
    html`<article class="one">
<div class="heading">
<h1><b>${first?.origin.service}</b> ${first === undefined ? '' : labelOf(first.span)}</h1>
<dl>
<div><dt>Began</dt><dd>${timeText(tree.startUs)} UTC</dd></div>
<div><dt>Took</dt><dd>${durationText(tree.durationUs)}</dd></div>
<div><dt>Spans</dt><dd>${tree.spans}</dd></div>
<div><dt>Depth</dt><dd>${tree.depth}${tree.tooDeep && ' and more'}</dd></div>
<div><dt>Trace id</dt><dd><code>${tree.traceId}</code></dd></div>
</dl>
<p class="actions"><a class="button" href="/api/traces/${tree.traceId}?download=1" download="${tree.traceId}.json">Download JSON</a></p>
</div>
${legend(services, nodes, colour)}
${warnings(trace, tree, nodes)}
${troubles(nodes)}
${waterfall(tree, nodes.slice(0, LIMITS.rows), colour)}
</article>`,
    tree.traceId,
  );
}

const MOST_SERVICES = 30;

/** The services with the most spans. */
function legend(services: readonly string[], nodes: readonly TreeNode[], colour: Colour): Html {
  const counts = Map.groupBy(nodes, ({ owned }) => owned.origin.service);
  const countOf = (service: string): number => counts.get(service)?.length ?? 0;
  const most = services.toSorted((a, b) => countOf(b) - countOf(a)).slice(0, MOST_SERVICES);
  const more = services.length - most.length;
  return html`<ul class="legend" aria-label="Services">${most.map(
    (service) =>
      html`<li class="chip"><i class="dot c${colour(service)}"></i>${service} <small>${countOf(service)}</small></li>`,
  )}${more > 0 && html`<li class="chip">and ${plural(more, 'more service')}</li>`}</ul>`;
}

function warnings({ refused }: Trace, tree: TraceTree, nodes: readonly TreeNode[]): Html | undefined {
  const lines: string[] = [];
  if (tree.missing.length > 0)
    lines.push(
      `${plural(tree.missing.length, 'parent')} of spans here did not come, or not yet: those spans stand at the left, marked “parent missing”.`,
    );
  if (nodes.some(({ shiftUs }) => shiftUs !== 0))
    lines.push(
      'Clocks differ between the services: spans that would have begun before their caller are moved, and say by how much.',
    );
  if (tree.tooDeep)
    lines.push(`What is more than ${tree.depth} spans deep goes on at the left, as a tree of its own.`);
  if (refused > 0)
    lines.push(
      `${plural(refused, 'more span')} came and ${refused === 1 ? 'is' : 'are'} not kept: one trace has no more room.`,
    );
  if (nodes.length > LIMITS.rows)
    lines.push(`The first ${LIMITS.rows} of ${nodes.length} spans are shown; the JSON has them all.`);
  if (lines.length === 0) return undefined;
  return html`<ul class="warnings">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

const MOST_TROUBLES = 8;

/** The failures in words, each a way to its row if that is shown. */
function troubles(nodes: readonly TreeNode[]): Html | undefined {
  const shown = new Set(nodes.slice(0, LIMITS.rows));
  const bad = nodes.filter(({ owned }) => owned.span.status === 'error' || flagsIn(owned.span).length > 0);
  if (bad.length === 0) return undefined;
  const lines = bad.slice(0, MOST_TROUBLES).map((node) => {
    const { span, origin } = node.owned;
    const what = html`<b>${origin.service}</b> ${labelOf(span)}`;
    const flags = flagsIn(span);
    const words = [...flags.map(({ words }) => words), reasonOf(span)].filter((text) => text !== '');
    return html`<li>${shown.has(node) ? html`<a href="#s-${span.spanId}">${what}</a>` : what}
${flags.map(({ flag }) => html`<abbr class="flag">${flag}</abbr> `)}<span>${[...new Set(words)].join(': ')}</span></li>`;
  });
  const more = bad.length - MOST_TROUBLES;
  return html`<section class="troubles" aria-label="What went wrong"><h2>What went wrong</h2><ul>${lines}</ul>
${more > 0 && html`<p>and ${plural(more, 'more span')}</p>`}</section>`;
}
