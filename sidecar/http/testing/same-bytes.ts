/**
 * Whether what leaves this proxy is what was judged: the bytes that it writes are read once more, by the codec and by
 * llhttp, and must be the same messages with the same ends. What they must be is worked out here from the text alone.
 */
import { roomyHead } from '../head.ts';
import { forwardRequests, forwardResponse } from './forwarded.ts';
import { readWithLlhttp } from './llhttp.ts';
import { readMessages, type Side } from './message-reader.ts';

/** llhttp goes by a list of methods, and takes no octet above 126 in a target. */
const UNKNOWN_TO_LLHTTP = /^HPE_INVALID_(METHOD|URL)/;
/** Lines that end with this hop; an upgrade is told anew. */
const OF_THE_HOP = /^(connection(?!: Upgrade\r)|keep-alive|proxy-connection|te|trailer):/im;

/** What is wrong with the requests that go upstream for `text`; undefined: nothing. */
export function wrongUpstream(text: string): string | undefined {
  const judged = readMessages('request', text).messages.filter(({ complete }) => complete);
  const sent = forwardRequests(text);
  if (sent.length !== judged.length) return `${judged.length} requests were judged, ${sent.length} sent`;
  for (const [i, bytes] of sent.entries()) {
    const { start, content } = judged[i]!;
    const wrong = wrongWith(bytes, 'request', inOriginForm(start), content) ?? wrongLines(bytes);
    if (wrong !== undefined) return `${wrong}: ${JSON.stringify(bytes.slice(0, 1000))}`;
  }
  return undefined;
}

/** What is wrong with the response that goes to clients of HTTP/1.0 and HTTP/1.1 for `text`. */
export function wrongDownstream(side: Side, text: string): string | undefined {
  const judged = readMessages(side, text).messages.at(-1);
  for (const minor of [0, 1]) {
    const bytes = forwardResponse(side, text, minor);
    if (bytes === undefined) continue;
    const wrong = wrongWith(bytes, side, judged!.start, judged!.content);
    if (wrong !== undefined) return `${wrong}: ${JSON.stringify(bytes.slice(0, 1000))}`;
  }
  return undefined;
}

function wrongWith(bytes: string, side: Side, start: string, content: string): string | undefined {
  const ours = readMessages(side, bytes, [], roomyHead());
  const theirs = readWithLlhttp(side, Buffer.from(bytes, 'latin1'));
  for (const [who, { messages, standing }] of [['the codec', ours] as const, ['llhttp', theirs] as const]) {
    if (who === 'llhttp' && UNKNOWN_TO_LLHTTP.test(theirs.error)) continue;
    const [only] = messages;
    const whole = messages.length === 1 && only!.complete && standing !== 'refused';
    if (!whole) return `${who} reads ${messages.length} messages and is ${standing}`;
    if (only!.start !== start) return `${who} reads ${JSON.stringify(only!.start)}`;
    if (only!.content !== content) return `${who} reads other content`;
    if (only!.minor !== 1) return `${who} reads HTTP/1.${only!.minor}`;
  }
  return side === 'request' || ours.messages[0]!.end === bytes.length
    ? undefined
    : 'more is sent than the message';
}

function wrongLines(bytes: string): string | undefined {
  const head = bytes.slice(0, bytes.indexOf('\r\n\r\n') + 2);
  const hop = OF_THE_HOP.exec(head.slice(head.indexOf('\r\n') + 2));
  if (hop !== null) return `${hop[0]} travels on`;
  const hosts = head.match(/\r\nhost:/gi)?.length;
  return hosts === 1 ? undefined : `${hosts ?? 0} Hosts travel on`;
}

/**
 * `METHOD TARGET` with the target as origins get it (RFC 9112 §3.2.1). That of OPTIONS without a path is `/`, as in Envoy, and
 * not the `*` of §3.2.4: it is what routes have judged.
 */
function inOriginForm(start: string): string {
  const space = start.indexOf(' ');
  const method = start.slice(0, space);
  const target = start.slice(space + 1);
  if (target.startsWith('/') || target === '*') return start;
  const path = target.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  return `${method} ${path.startsWith('/') ? path : `/${path}`}`;
}
