/** The page of the search: a form, when the traces were and how long they took, and the list of them. Pure. */
import type { Trace } from '../model/span.ts';
import { type Summary, summaryOf } from '../tree/summary.ts';
import { coloursOf } from './colours.ts';
import { type Html, html } from './html.ts';
import { page } from './layout.ts';
import { agoText, durationText, labelOf, plural, timeText } from './words.ts';

export interface SearchView {
  /** The form as it was filled in. */
  readonly asked: URLSearchParams;
  readonly services: readonly string[];
  /** Of the service that is asked for. */
  readonly operations: readonly string[];
  /** Read one at a time. */
  readonly traces: Iterable<Trace>;
  /** What is wrong with the question. */
  readonly mistake: string | undefined;
  readonly nowUs: number;
  /** Traces that the viewer has. */
  readonly kept: number;
  readonly dropped: number;
}

export function searchPage(view: SearchView): string {
  return page(
    'Traces',
    html`<div class="finding">
${form(view)}
<section class="results" aria-label="Traces">
${view.mistake === undefined ? found(view) : html`<p class="mistake" role="alert">${view.mistake}</p>`}
</section>
</div>`,
  );
}

const LOOK_BACKS = [
  ['', 'all that is kept'],
  ['5m', 'the last 5 minutes'],
  ['15m', 'the last 15 minutes'],
  ['1h', 'the last hour'],
  ['6h', 'the last 6 hours'],
  ['24h', 'the last day'],
] as const;

function form({ asked, services, operations }: SearchView): Html {
  const value = (name: string): string => asked.get(name) ?? '';
  const options = (name: string, choices: readonly (readonly [string, string])[]): Html[] =>
    choices.map(
      ([choice, words]) =>
        html`<option value="${choice}"${choice === value(name) && html` selected`}>${words}</option>`,
    );
  const names = (all: readonly string[]): (readonly [string, string])[] => [
    ['', 'any'],
    ...all.map((name) => [name, name] as const),
  ];
  return html`<form class="question" action="/search" aria-label="Search">
<label>Service <select name="service" data-submits>${options('service', names(services))}</select></label>
<label>Operation <select name="operation"${value('service') === '' && html` disabled`}>${options('operation', names(operations))}</select></label>
<label>Tags <input name="tags" value="${value('tags')}" placeholder="http.response.status_code=503" spellcheck="false" autocomplete="off"></label>
<div class="pair">
<label>At least <input name="minDuration" value="${value('minDuration')}" placeholder="1.5ms" autocomplete="off"></label>
<label>At most <input name="maxDuration" value="${value('maxDuration')}" placeholder="2s" autocomplete="off"></label>
</div>
<label>From <select name="lookback">${options('lookback', LOOK_BACKS)}</select></label>
<label>Traces <select name="limit">${options(
    'limit',
    ['20', '50', '100', '500'].map((n) => [n, `${n} at most`] as const),
  )}</select></label>
<label class="check"><input type="checkbox" name="errors" value="true"${value('errors') === 'true' && html` checked`}> only with errors</label>
<button>Find traces</button>
</form>`;
}

function found(view: SearchView): Html {
  const { traces, kept, dropped, nowUs } = view;
  const summaries = Array.from(traces, summaryOf);
  if (summaries.length === 0) return nothing(view);
  const longest = Math.max(...summaries.map(({ durationUs }) => durationUs), 1);
  const colour = coloursOf(view.services);
  const gone = dropped === 0 ? '' : `; ${dropped} older ones made way`;
  return html`<h1>${plural(summaries.length, 'trace')}<small>of ${kept} kept${gone}</small></h1>
${scatter(summaries, longest)}
<ol class="traces">${summaries.map((summary) => item(summary, longest, nowUs, colour))}</ol>`;
}

function nothing({ kept }: SearchView): Html {
  if (kept > 0)
    return html`<div class="message"><h1>No trace answers this</h1><p>${plural(kept, 'trace')} of other kinds ${kept === 1 ? 'is' : 'are'} kept. Ask for less, or for a longer time.</p></div>`;
  return html`<div class="message"><h1>No traces yet</h1>
<p>They appear here as soon as a sampled request has passed a sidecar. One in a hundred is sampled unless a Telemetry says otherwise.</p></div>`;
}

/** Each trace as a point: when it began, and how long it took. */
function scatter(summaries: readonly Summary[], longest: number): Html | undefined {
  if (summaries.length < 2) return undefined;
  const starts = summaries.map(({ startUs }) => startUs);
  const first = Math.min(...starts);
  const span = Math.max(...starts) - first || 1;
  const points = summaries.map(({ traceId, startUs, durationUs, errors, service, first: top }) => {
    const x = (2 + ((startUs - first) / span) * 96).toFixed(2);
    const y = (88 - (durationUs / longest) * 76).toFixed(2);
    return html`<a href="/trace/${traceId}" tabindex="-1"><circle cx="${x}%" cy="${y}%" r="5" class="${errors > 0 ? 'bad' : 'good'}"><title>${service}: ${top === undefined ? '' : labelOf(top)}, ${durationText(durationUs)}</title></circle></a>`;
  });
  return html`<figure class="scatter" aria-hidden="true"><svg width="100%" height="130"><line x1="0" x2="100%" y1="88%" y2="88%"/>${points}</svg>
<figcaption><span>${timeText(first).slice(11, 19)}</span><span>longest ${durationText(longest)}</span><span>${timeText(first + span).slice(11, 19)} UTC</span></figcaption></figure>`;
}

const MOST_SERVICES = 12;

function item(summary: Summary, longest: number, nowUs: number, colour: (service: string) => number): Html {
  const { traceId, service, startUs, durationUs, spans, errors, services, partial } = summary;
  const width = Math.max(0.3, (durationUs / longest) * 100).toFixed(2);
  return html`<li><a class="trace" href="/trace/${traceId}">
<span class="what"><b>${service}</b> ${summary.first === undefined ? '' : labelOf(summary.first)}</span>
<span class="took">${durationText(durationUs)}</span>
<svg class="share" width="100%" height="4" aria-hidden="true"><rect width="${width}%" height="4" class="c${colour(service)}"/></svg>
<span class="chips">${services.slice(0, MOST_SERVICES).map(([name, count]) => html`<span class="chip"><i class="dot c${colour(name)}"></i>${name} <small>${count}</small></span>`)}${services.length > MOST_SERVICES && html`<span class="chip">and ${services.length - MOST_SERVICES} more</span>`}
${errors > 0 && html`<span class="chip bad">${plural(errors, 'error')}</span>`}${partial && html`<span class="chip warn">incomplete</span>`}</span>
<span class="when">${plural(spans, 'span')} · <time datetime="${timeText(startUs).replace(' ', 'T')}Z" title="${timeText(startUs)} UTC">${agoText(startUs, nowUs)}</time></span>
</a></li>`;
}
