/** Chunked bodies (RFC 9112 §7.1), for requests and responses alike: sizes, extensions, ends, trailers. */
import { type Case, chunked, ends, ok, refuses, takes, type Verdict, waits } from './case.ts';

const SIZE = 'RFC 9112 §7.1: 1*HEXDIG';
const EXTENSION = 'RFC 9112 §7.1.1';
const BARE = 'RFC 9112 §2.2: a line ends with CRLF';
const TERM_EXT = 'CVE-2025-55315 and its kin: a lone line end within an extension';
const END = 'RFC 9112 §7.1: chunk-data CRLF';
const TRAILER = 'RFC 9112 §7.1.2, RFC 9110 §6.5.1';
const SPACE = 'RFC 9112 §7.1.1: BWS, which senders must not send';

interface Chunks {
  readonly why: string;
  readonly body: string;
  /** The content, or the fault. */
  readonly verdict:
    | { readonly content: string }
    | 'chunkSize'
    | 'chunkLineTooLong'
    | 'chunkExtensions'
    | 'chunkEnd'
    | 'trailer'
    | { readonly sofar: string };
  readonly source: string;
}

const content = (text: string): { content: string } => ({ content: text });
const HELLO = content('hello');

/** A chunk `hello` with a first line of `line` (its end included), and the last chunk. */
const first = (line: string): string => `${line}hello\r\n0\r\n\r\n`;
/** A chunk `hello`, and then this. */
const then = (rest: string): string => `5\r\nhello\r\n${rest}`;

const SIZES: readonly Chunks[] = [
  { why: 'a chunk', body: first('5\r\n'), verdict: HELLO, source: SIZE },
  { why: 'no chunk but the last', body: '0\r\n\r\n', verdict: content(''), source: SIZE },
  { why: 'two chunks', body: then('1\r\n!\r\n0\r\n\r\n'), verdict: content('hello!'), source: SIZE },
  {
    why: 'hex digits of both cases',
    body: 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n',
    verdict: content('01234567890123456789'),
    source: SIZE,
  },
  { why: 'leading zeros', body: first('0005\r\n'), verdict: HELLO, source: SIZE },
  { why: 'a last chunk of zeros', body: then('000\r\n\r\n'), verdict: HELLO, source: SIZE },
  {
    why: 'line ends in the data',
    body: '4\r\n\r\n\r\n\r\n0\r\n\r\n',
    verdict: content('\r\n\r\n'),
    source: SIZE,
  },
  { why: 'sixteen digits', body: first('0000000000000005\r\n'), verdict: HELLO, source: SIZE },
  {
    why: 'seventeen digits',
    body: first('00000000000000005\r\n'),
    verdict: 'chunkSize',
    source: 'receivers count digits or wrap',
  },
  {
    why: 'a size beyond 53 bits',
    body: first('20000000000000\r\n'),
    verdict: 'chunkSize',
    source: 'RFC 9112 §7.1: overflow',
  },
  {
    why: 'a size that wraps 64 bits to 5',
    body: first('10000000000000005\r\n'),
    verdict: 'chunkSize',
    source: 'RFC 9112 §7.1: overflow',
  },
  {
    why: 'a size that wraps 32 bits to 5',
    body: '100000005\r\nhello',
    verdict: { sofar: 'hello' },
    source: 'RFC 9112 §7.1: a size like others',
  },
  { why: 'no size', body: first('\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a sign', body: first('+5\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a negative size', body: first('-5\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'minus zero', body: then('-0\r\n\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a prefix', body: first('0x5\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a suffix', body: first('5h\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'an underscore', body: first('0_5\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'quotes', body: first('"5"\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a letter that is no digit', body: first('g\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a full-width digit', body: first('\xef\xbc\x95\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'NUL before it', body: first('\x005\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'NUL behind it', body: first('5\0\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a space before it', body: first(' 5\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a space behind it', body: first('5 \r\n'), verdict: 'chunkSize', source: SPACE },
  { why: 'a tab behind it', body: first('5\t\r\n'), verdict: 'chunkSize', source: SPACE },
  { why: 'a vertical tab behind it', body: first('5\x0b\r\n'), verdict: 'chunkSize', source: SIZE },
  { why: 'a space behind the last size', body: then('0 \r\n\r\n'), verdict: 'chunkSize', source: SPACE },
  {
    why: 'digits without end',
    body: '0'.repeat(5000),
    verdict: 'chunkSize',
    source: 'receivers count digits or wrap',
  },
];

const LINE_ENDS: readonly Chunks[] = [
  { why: 'LF behind the size', body: first('5\n'), verdict: 'chunkSize', source: BARE },
  { why: 'CR behind the size', body: first('5\r'), verdict: 'chunkSize', source: BARE },
  { why: 'CR CR LF behind the size', body: first('5\r\r\n'), verdict: 'chunkSize', source: BARE },
  { why: 'LF CR behind the size', body: first('5\n\r'), verdict: 'chunkSize', source: BARE },
  { why: 'LF behind the last size', body: then('0\n\r\n'), verdict: 'chunkSize', source: BARE },
  { why: 'CR and a letter behind the last size', body: then('0\rX\r\n'), verdict: 'chunkSize', source: BARE },
  { why: 'LF behind the data', body: '5\r\nhello\n0\r\n\r\n', verdict: 'chunkEnd', source: BARE },
  { why: 'CR behind the data', body: '5\r\nhello\r0\r\n\r\n', verdict: 'chunkEnd', source: BARE },
  { why: 'nothing behind the data', body: '5\r\nhello0\r\n\r\n', verdict: 'chunkEnd', source: END },
  {
    why: 'two octets behind the data',
    body: '5\r\nhelloXX0\r\n\r\n',
    verdict: 'chunkEnd',
    source: 'skipped unseen by some',
  },
  { why: 'more data than its size', body: '5\r\nhello!\r\n0\r\n\r\n', verdict: 'chunkEnd', source: END },
  { why: 'less data than its size', body: '6\r\nhello\r\n0\r\n\r\n', verdict: 'chunkEnd', source: END },
  { why: 'an empty line between chunks', body: then('\r\n0\r\n\r\n'), verdict: 'chunkSize', source: END },
  { why: 'an empty line of LF at the end', body: then('0\r\n\n'), verdict: 'trailer', source: BARE },
  { why: 'an empty line of CR at the end', body: then('0\r\n\rX'), verdict: 'trailer', source: BARE },
  { why: 'CR CR LF at the end', body: then('0\r\n\r\r\n'), verdict: 'trailer', source: BARE },
  { why: 'half of a chunk', body: '5\r\nhel', verdict: { sofar: 'hel' }, source: 'RFC 9112 §8: incomplete' },
  { why: 'no last chunk', body: then(''), verdict: { sofar: 'hello' }, source: 'RFC 9112 §8: incomplete' },
  {
    why: 'half of a last chunk',
    body: then('0\r\n'),
    verdict: { sofar: 'hello' },
    source: 'RFC 9112 §8: incomplete',
  },
  {
    why: 'a last chunk without the last LF',
    body: then('0\r\n\r'),
    verdict: { sofar: 'hello' },
    source: 'RFC 9112 §8: incomplete',
  },
];

const EXTENSIONS: readonly Chunks[] = [
  { why: 'a name', body: first('5;a\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'a name and a value', body: first('5;a=b\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'a quoted value', body: first('5;a="b c;d=e"\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'a quoted pair', body: first('5;a="b\\"c"\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'two', body: first('5;a=b;c=d\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'one of the last chunk', body: then('0;a=b\r\n\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'an empty quoted value', body: first('5;a=""\r\n'), verdict: HELLO, source: EXTENSION },
  { why: 'a semicolon alone', body: first('5;\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'two semicolons', body: first('5;;a\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'a value alone', body: first('5;=b\r\n'), verdict: 'chunkSize', source: EXTENSION },
  {
    why: 'a name without the value it announces',
    body: first('5;a=\r\n'),
    verdict: 'chunkSize',
    source: EXTENSION,
  },
  { why: 'two equals signs', body: first('5;a==b\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'a space before the semicolon', body: first('5 ;a\r\n'), verdict: 'chunkSize', source: SPACE },
  { why: 'a space behind the semicolon', body: first('5; a\r\n'), verdict: 'chunkSize', source: SPACE },
  { why: 'a space before the equals sign', body: first('5;a =b\r\n'), verdict: 'chunkSize', source: SPACE },
  { why: 'a space behind it all', body: first('5;a \r\n'), verdict: 'chunkSize', source: SPACE },
  { why: 'a comma for a semicolon', body: first('5,a\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'a quote that is not closed', body: first('5;a="b\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'more behind a quote', body: first('5;a="b"c\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'a quote in a name', body: first('5;a"b"\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'LF in an extension', body: '2;\nxx\r\n', verdict: 'chunkSize', source: TERM_EXT },
  { why: 'LF behind a name', body: '5;a\nhello\r\n0\r\n\r\n', verdict: 'chunkSize', source: TERM_EXT },
  { why: 'LF and then CRLF', body: '5;a\n\r\nhello\r\n0\r\n\r\n', verdict: 'chunkSize', source: TERM_EXT },
  { why: 'CR in an extension', body: '5;a\rX\r\nhello\r\n0\r\n\r\n', verdict: 'chunkSize', source: TERM_EXT },
  { why: 'CR behind a semicolon', body: '5;\rhello\r\n0\r\n\r\n', verdict: 'chunkSize', source: TERM_EXT },
  {
    why: 'LF in a quoted value',
    body: '5;a="\n"\r\nhello\r\n0\r\n\r\n',
    verdict: 'chunkSize',
    source: TERM_EXT,
  },
  {
    why: 'CRLF in a quoted value',
    body: '5;a="\r\n"\r\nhello\r\n0\r\n\r\n',
    verdict: 'chunkSize',
    source: TERM_EXT,
  },
  {
    why: 'an escaped CR in a quoted value',
    body: '5;a="\\\r\n"\r\nhello\r\n0\r\n\r\n',
    verdict: 'chunkSize',
    source: TERM_EXT,
  },
  {
    why: 'LF in the extension of the last chunk',
    body: then('0;\n\r\n'),
    verdict: 'chunkSize',
    source: TERM_EXT,
  },
  { why: 'NUL in an extension', body: first('5;a\0\r\n'), verdict: 'chunkSize', source: EXTENSION },
  { why: 'obs-text in a name', body: first('5;\xe9\r\n'), verdict: 'chunkSize', source: EXTENSION },
  {
    why: 'an extension without end',
    body: `5;${'a'.repeat(5000)}`,
    verdict: 'chunkLineTooLong',
    source: 'CVE-2024-22019',
  },
  {
    why: 'more extensions than data',
    body: `1;${'a'.repeat(4000)}\r\nx\r\n`.repeat(9),
    verdict: 'chunkExtensions',
    source: 'CVE-2023-39326',
  },
  {
    why: 'as many extensions as data',
    body: `${`800;${'a'.repeat(2000)}\r\n${'x'.repeat(2048)}\r\n`.repeat(20)}0\r\n\r\n`,
    verdict: content('x'.repeat(40_960)),
    source: 'as signatures of uploads have',
  },
];

const TRAILERS: readonly Chunks[] = [
  { why: 'a trailer', body: then('0\r\nX-Sum: abc\r\n\r\n'), verdict: HELLO, source: TRAILER },
  { why: 'two trailers', body: then('0\r\nA: b\r\nC:\r\n\r\n'), verdict: HELLO, source: TRAILER },
  {
    why: 'a type in the trailers',
    body: then('0\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n'),
    verdict: HELLO,
    source:
      'not sent by the RFC, but frames, routes and authenticates nothing; HAProxy, Envoy and llhttp take it',
  },
  {
    why: 'trailers of gRPC',
    body: then('0\r\ngrpc-status: 0\r\ngrpc-message: \xc3\xa9\r\n\r\n'),
    verdict: HELLO,
    source: TRAILER,
  },
  ...[
    'Content-Length: 5',
    'CONTENT-LENGTH: 5',
    'Transfer-Encoding: chunked',
    'Host: b',
    'Connection: close',
    'Trailer: X',
    'TE: gzip',
    'Upgrade: h2c',
    'Keep-Alive: timeout=1',
    'Proxy-Connection: close',
    'Authorization: Basic x',
    'Proxy-Authorization: Basic x',
    'Cookie: a=b',
    'Set-Cookie: a=b',
    'Content-Encoding: gzip',
    'Content-Range: bytes 0-1/2',
    'Expect: 100-continue',
    'Max-Forwards: 1',
    'Range: bytes=0-1',
    'Forwarded: for=b',
    'X-Forwarded-For: b',
    'X-Forwarded-Host: b',
    'X-Forwarded-Proto: https',
    'X-Envoy-Peer-Metadata: x',
    'Content_Length: 5',
    'Transfer_Encoding: chunked',
  ].map(
    (line): Chunks => ({
      why: `the trailer ${line}`,
      body: then(`0\r\n${line}\r\n\r\n`),
      verdict: 'trailer',
      source: TRAILER,
    }),
  ),
  { why: 'a trailer without a name', body: then('0\r\n: b\r\n\r\n'), verdict: 'trailer', source: TRAILER },
  { why: 'a trailer without a colon', body: then('0\r\nA\r\n\r\n'), verdict: 'trailer', source: TRAILER },
  {
    why: 'a space before its colon',
    body: then('0\r\nA : b\r\n\r\n'),
    verdict: 'trailer',
    source: 'RFC 9112 §5.1',
  },
  {
    why: 'a space before its name',
    body: then('0\r\n A: b\r\n\r\n'),
    verdict: 'trailer',
    source: 'RFC 9112 §5.2',
  },
  {
    why: 'a folded trailer',
    body: then('0\r\nA: b\r\n c\r\n\r\n'),
    verdict: 'trailer',
    source: 'RFC 9112 §5.2',
  },
  { why: 'a trailer that ends with LF', body: then('0\r\nA: b\n\r\n'), verdict: 'trailer', source: BARE },
  { why: 'a CR in a trailer', body: then('0\r\nA: b\rC: d\r\n\r\n'), verdict: 'trailer', source: BARE },
  { why: 'NUL in a trailer', body: then('0\r\nA: \0\r\n\r\n'), verdict: 'trailer', source: 'RFC 9110 §5.5' },
  {
    why: 'a request for a trailer',
    body: then('0\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n'),
    verdict: 'trailer',
    source: TRAILER,
  },
  {
    why: 'trailers without end',
    body: then(`0\r\n${'A: b\r\n'.repeat(2000)}`),
    verdict: 'trailer',
    source: 'limits on everything',
  },
  {
    why: 'half of a trailer',
    body: then('0\r\nA: b'),
    verdict: { sofar: 'hello' },
    source: 'RFC 9112 §8: incomplete',
  },
];

const ALL = [...SIZES, ...LINE_ENDS, ...EXTENSIONS, ...TRAILERS];

function verdictOf({ verdict }: Chunks, start: string, whole: (message: string) => Verdict): Verdict {
  if (typeof verdict === 'string') return refuses(verdict);
  if ('sofar' in verdict) return waits('in-body', `${start} ${verdict.sofar}`);
  return whole(verdict.content === '' ? start : `${start} ${verdict.content}`);
}

export const REQUEST_CHUNKS: readonly Case[] = ALL.map((row) => {
  return [row.why, chunked(row.body), verdictOf(row, 'POST /', takes), row.source] as const;
});

export const RESPONSE_CHUNKS: readonly Case[] = ALL.map((row) => {
  const bytes = ok('Transfer-Encoding: chunked\r\n', row.body);
  return [row.why, bytes, verdictOf(row, '200', ends), row.source] as const;
});
