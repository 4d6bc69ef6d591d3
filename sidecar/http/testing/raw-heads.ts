/** Random heads: good ones by construction, and bytes near to them. */
import fc from 'fast-check';

export interface RawLine {
  readonly name: string;
  readonly value: string;
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const value = fc.stringMatching(/^[!-~]{1,10}( [!-~]{1,10}){0,3}$/);
const space = fc.constantFrom('', ' ', '\t', '  ');

/** Names that mean something to the codec, so that they are not drawn by accident. */
const KNOWN =
  /^(te|host|expect|upgrade|trailer|connection|keep-alive|traceparent|x-request-id|content-length|proxy-connection|transfer-encoding|x-forwarded-proto|x-envoy-.*)$/i;

export const plainLine: fc.Arbitrary<RawLine> = fc
  .record({ name: token, value })
  .filter(({ name }) => !KNOWN.test(name));

export const hopLine: fc.Arbitrary<RawLine> = fc.constantFrom(
  { name: 'Connection', value: 'keep-alive' },
  { name: 'Keep-Alive', value: 'timeout=5' },
  { name: 'Proxy-Connection', value: 'keep-alive' },
  { name: 'TE', value: 'trailers' },
  { name: 'Trailer', value: 'X-Sum' },
  { name: 'Upgrade', value: 'websocket' },
  { name: 'X-Envoy-Peer-Metadata', value: 'Zm9yZ2Vk' },
);

/** A good request head, with its lines apart; `hop` are the ones that must not travel further. */
export interface RawHead {
  readonly startLine: string;
  readonly lines: readonly (RawLine & { readonly hop: boolean; readonly raw: string })[];
}

const line = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: plainLine }, { weight: 1, arbitrary: hopLine }), space, space)
  .map(([{ name, value: v }, before, after]) => ({
    name,
    value: v,
    hop: KNOWN.test(name),
    raw: `${name}:${before}${v}${after}\r\n`,
  }));

const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'REPORT');
const target = fc.stringMatching(/^\/[a-z0-9/._~%-]{0,30}(\?[a-z0-9=&]{0,20})?$/);

export const requestHead: fc.Arbitrary<RawHead> = fc
  .record({ method, target, lines: fc.array(line, { maxLength: 12 }), hostAt: fc.nat() })
  .map(({ method: m, target: t, lines, hostAt }) => {
    const host = { name: 'Host', value: 'a.test', hop: false, raw: 'Host: a.test\r\n' };
    return {
      startLine: `${m} ${t} HTTP/1.1\r\n`,
      lines: lines.toSpliced(hostAt % (lines.length + 1), 0, host),
    };
  });

export function render(head: RawHead): string {
  return `${head.startLine}${head.lines.map(({ raw }) => raw).join('')}\r\n`;
}

/** Splices that turn good bytes into nearly good ones. */
export const mutation: fc.Arbitrary<(text: string) => string> = fc
  .record({
    at: fc.nat(),
    cut: fc.integer({ min: 0, max: 3 }),
    insert: fc.constantFrom(
      '',
      '\r',
      '\n',
      '\r\n',
      '\r\n\r\n',
      ' ',
      '\t',
      ':',
      '\0',
      '\x7f',
      '\xff',
      ',',
      ';',
      '0',
      '5',
      'a',
      '#',
      '/',
      '@',
      'Content-Length: 5\r\n',
      'Content-Length: 0\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Transfer-Encoding: x\r\n',
      'Host: b.test\r\n',
      'Connection: close\r\n',
      ' HTTP/1.0',
      '0\r\n\r\n',
      '5\r\nhello\r\n',
    ),
  })
  .map(({ at, cut, insert }) => (text: string): string => {
    const offset = at % (text.length + 1);
    return text.slice(0, offset) + insert + text.slice(offset + cut);
  });
