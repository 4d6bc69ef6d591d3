/**
 * The spans of a trace below one another, each with a bar where its time was. Bars are drawn as SVG, whose positions are
 * attributes: pages allow no inline styles. Without scripts all rows are there, and each opens by itself.
 */
import type { OwnedSpan, SpanEvent, Tag } from '../model/span.ts';
import type { TraceTree, TreeNode } from '../tree/trace-tree.ts';
import type { Colour } from './colours.ts';
import { type Html, html } from './html.ts';
import { durationText, flagsIn, labelOf, reasonOf, statusCodeOf, tagText } from './words.ts';

const TICKS = [0, 0.25, 0.5, 0.75, 1];
/** Steps to the right that are drawn; deeper rows stand below these. */
const STEPS = 24;

export function waterfall(tree: TraceTree, nodes: readonly TreeNode[], colour: Colour): Html {
  const ticks = TICKS.map(
    (part) => html`<span>${part === 0 ? '0' : durationText(tree.durationUs * part)}</span>`,
  );
  return html`<section class="waterfall" aria-label="Spans">
<div class="ruler"><span class="keys"><kbd>↑</kbd><kbd>↓</kbd> move <kbd>←</kbd><kbd>→</kbd> fold <kbd>Enter</kbd> details <kbd>e</kbd> next error</span><div class="ticks" aria-hidden="true">${ticks}</div></div>
${nodes.map((node) => row(node, tree, colour))}
</section>`;
}

function row(node: TreeNode, tree: TraceTree, colour: Colour): Html {
  const { owned, depth, children, offsetUs } = node;
  const { span, origin } = owned;
  const bad = span.status === 'error';
  const guides = Array.from({ length: Math.min(depth, STEPS) }, () => html`<i class="step"></i>`);
  const fold =
    children.length === 0
      ? html`<i class="leaf"></i>`
      : html`<button type="button" class="fold" tabindex="-1" aria-label="Fold what is beneath" aria-expanded="true"></button>`;
  return html`<details class="row${bad && ' bad'}" id="s-${span.spanId}" data-depth="${depth}">
<summary>
<span class="label">${guides}${fold}<span class="service c${colour(origin.service)}">${origin.service}</span><span class="name" title="${span.name}">${labelOf(span)}</span>${badges(node)}</span>
<span class="time">${bar(node, tree, colour)}<span class="took">${durationText(span.durationUs)}</span></span>
</summary>
${panel(node, offsetUs)}
</details>`;
}

/** What is worth knowing at a glance. */
function badges({ owned: { span }, orphan, shiftUs }: TreeNode): Html {
  const status = statusCodeOf(span);
  const tryNumber = tagText(span, 'http.request.resend_count');
  return html`<span class="badges">${orphan && html`<b class="chip warn">parent missing</b>`}${span.kind !== 'unspecified' && span.kind !== 'internal' && html`<span class="kind">${span.kind}</span>`}${
    tryNumber !== undefined && html`<span class="kind">try ${Number(tryNumber) + 1}</span>`
  }${status !== undefined && html`<span class="status s${status.slice(0, 1)}">${status}</span>`}${flagsIn(
    span,
  ).map(
    ({ flag, words }) => html`<abbr class="flag" title="${words}">${flag}</abbr>`,
  )}${shiftUs !== 0 && html`<span class="chip warn">clock ${shiftUs > 0 ? '+' : '−'}${durationText(Math.abs(shiftUs))}</span>`}</span>`;
}

function bar({ owned, offsetUs, shiftUs }: TreeNode, tree: TraceTree, colour: Colour): Html {
  const { span, origin } = owned;
  const total = tree.durationUs || 1;
  const percent = (us: number): string => `${Math.min(100, Math.max(0, (us / total) * 100)).toFixed(3)}%`;
  const marks = span.events.map((event) => {
    const at = event.timeUs + shiftUs - tree.startUs;
    return html`<line class="event" x1="${percent(at)}" x2="${percent(at)}" y1="1" y2="19"><title>${event.name}</title></line>`;
  });
  return html`<svg class="bar" width="100%" height="20" aria-hidden="true"><g class="grid">${[25, 50, 75].map((x) => html`<line x1="${x}%" x2="${x}%" y1="0" y2="20"/>`)}</g><rect x="${percent(offsetUs)}" y="5" width="${percent(span.durationUs)}" height="10" rx="2" class="c${colour(origin.service)}${span.status === 'error' && ' failed'}"/>${marks}</svg>`;
}

function panel({ owned, shiftUs }: TreeNode, offsetUs: number): Html {
  const { span, origin } = owned;
  const reason = reasonOf(span);
  const flags = flagsIn(span);
  return html`<div class="panel">
${(span.status === 'error' || flags.length > 0) && html`<p class="reason">${flags.map(({ flag, words }) => html`<abbr class="flag">${flag}</abbr> ${words}. `)}${reason}</p>`}
<p class="facts"><b>${span.name}</b> · ${span.kind} · from ${durationText(offsetUs)} for ${durationText(span.durationUs)} · span <code>${span.spanId}</code>${span.parentId !== '' && html` · child of <a href="#s-${span.parentId}"><code>${span.parentId}</code></a>`}${span.scope !== '' && html` · by ${span.scope}`}</p>
${shiftUs !== 0 && html`<p class="facts">Its clock was off: moved by ${durationText(Math.abs(shiftUs))}.</p>`}
${span.left > 0 && html`<p class="facts">${span.left} more attributes, events or links were left out.</p>`}
${events(owned, shiftUs)}
<div class="tables">${table('Tags', span.tags)}${table('Made by', [{ key: 'service.name', value: origin.service }, ...origin.tags])}</div>
${span.links.length > 0 && html`<p class="facts">Linked: ${span.links.map((link) => html`<a href="/trace/${link.traceId}#s-${link.spanId}"><code>${link.traceId}</code></a> `)}</p>`}
</div>`;
}

function events({ span }: OwnedSpan, shiftUs: number): Html | undefined {
  if (span.events.length === 0) return undefined;
  const line = (event: SpanEvent): Html => {
    const at = event.timeUs + shiftUs - (span.startUs + shiftUs);
    const tags = event.tags.map(
      ({ key, value }) => html`<span class="pairs"><b>${key}</b> ${String(value)}</span>`,
    );
    return html`<li><time>${at < 0 ? '−' : '+'}${durationText(Math.abs(at))}</time><b>${event.name}</b> ${tags}</li>`;
  };
  const inOrder = span.events.toSorted((a, b) => a.timeUs - b.timeUs);
  return html`<h3>Events</h3><ol class="events">${inOrder.map(line)}</ol>`;
}

function table(title: string, tags: readonly Tag[]): Html | undefined {
  if (tags.length === 0) return undefined;
  const rows = tags
    .toSorted((a, b) => a.key.localeCompare(b.key))
    .map(({ key, value }) => html`<tr><th scope="row">${key}</th><td>${String(value)}</td></tr>`);
  return html`<div><h3>${title}</h3><table>${rows}</table></div>`;
}
