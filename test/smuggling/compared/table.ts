/** The comparison as a page. */
import type { Payload } from '../payload.ts';
import { VERDICTS } from './verdicts.ts';

export interface Compared {
  readonly payload: Payload;
  readonly weft: readonly string[];
  readonly haproxy: readonly string[];
  readonly envoy: readonly string[];
}

/** Statuses differ between implementations of the same judgement; what the app gets does not. */
function judgement(made: readonly string[]): string {
  const own = made.findIndex((word) => /^\d{3}$|^closed$/.test(word));
  return own < 0 ? made.join(', ') : [...made.slice(0, own), 'refused'].join(', ');
}

/** Weft takes for other requests than either of the others does. */
export function standsAlone({ weft, haproxy, envoy }: Compared): boolean {
  return ![haproxy, envoy].some((made) => judgement(made) === judgement(weft));
}

export function verdictFor({ payload }: Compared): string | undefined {
  return VERDICTS.find(({ payloads }) => payloads.test(payload.name))?.words;
}

export function page(rows: readonly Compared[], versions: readonly string[]): string {
  const alone = rows.filter(standsAlone);
  const count = (both: (row: Compared) => boolean): number => rows.filter(both).length;
  const refuses = (made: readonly string[]): boolean => judgement(made).endsWith('refused');
  const laxer = count(({ weft, haproxy, envoy }) => !refuses(weft) && refuses(haproxy) && refuses(envoy));
  const stricter = count(({ weft, haproxy, envoy }) => refuses(weft) && !refuses(haproxy) && !refuses(envoy));
  return `# What three proxies make of the payloads

Written by \`ENVOY=PATH node test/smuggling/compared/compare.ts\`: each payload of this folder, sent to weft and to
${versions.join(' and ')} as they come, in front of the same \`node:http\` app. A cell says, in the order of the answers,
which requests the app saw (\`METHOD TARGET BODYBYTES\`, with the Host where it is not \`app.test\`), \`app STATUS\` for what
was passed on and not taken by the app, a bare status for the proxy's own answer, \`closed\` or \`waits\` where none came.

| payloads | |
|---|---|
| all | ${rows.length} |
| the same judgement by all three | ${count((row) => new Set([row.weft, row.haproxy, row.envoy].map(judgement)).size === 1)} |
| weft with one of the two | ${count((row) => !standsAlone(row) && new Set([row.weft, row.haproxy, row.envoy].map(judgement)).size > 1)} |
| weft alone | ${alone.length} |
| refused by weft, and passed on or waited for by both | ${stricter} |
| accepted by weft, and refused by both | ${laxer} |

## Where weft stands alone

| payload | weft | HAProxy | Envoy | why |
|---|---|---|---|---|
${alone.map((row) => cells(row, verdictFor(row) ?? '')).join('\n')}

## All

| payload | weft | HAProxy | Envoy | source |
|---|---|---|---|---|
${rows.map((row) => cells(row, row.payload.source)).join('\n')}
`;
}

function cells({ payload, weft, haproxy, envoy }: Compared, last: string): string {
  const made = [weft, haproxy, envoy].map((words) => `\`${inShort(words)}\``);
  return `| ${[printable(payload.name), ...made, printable(last)].join(' | ')} |`;
}

function inShort(words: readonly string[]): string {
  return words.length > 5 ? `${words.length} requests` : printable(words.join(', '));
}

function printable(text: string): string {
  const plain = text.replace(/[^\x20-\x7e§…]/g, '?').replaceAll('|', '\\|');
  return plain.length > 400 ? `${plain.slice(0, 400)}…` : plain;
}
