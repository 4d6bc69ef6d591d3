/** What an app may answer that has gone wrong, or bad. */

export interface HostileAnswer {
  readonly name: string;
  /** Of the request that it answers. */
  readonly method?: 'GET' | 'HEAD';
  readonly minor?: 0 | 1;
  readonly asksUpgrade?: boolean;
  /** Each is written when something of the one before has come to the client. */
  readonly writes: readonly string[];
  /** What the app does then. */
  readonly after: 'keeps' | 'closes' | 'resets';
  readonly outcome: Outcome;
}

export type Outcome =
  /** The sidecar answers in its place. */
  | { readonly kind: 'replaced'; readonly status: 502 | 503; readonly flag: 'UPE' | 'UC' }
  /** The head was passed on already: the client's connection is reset. */
  | { readonly kind: 'reset'; readonly flag: 'UPE' | 'UC' }
  /** What can be understood is passed on, and nothing beyond. */
  | { readonly kind: 'passed'; readonly status: number; readonly body: string };

const MALFORMED: Outcome = { kind: 'replaced', status: 502, flag: 'UPE' };
const LOST: Outcome = { kind: 'replaced', status: 503, flag: 'UC' };
const BROKEN_OFF: Outcome = { kind: 'replaced', status: 502, flag: 'UC' };
const BROKEN: Outcome = { kind: 'reset', flag: 'UPE' };
const CUT: Outcome = { kind: 'reset', flag: 'UC' };
const passed = (status: number, body: string): Outcome => ({ kind: 'passed', status, body });

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const POISON = `${OK}Content-Length: 6\r\n\r\npoison`;
const LAST = '0\r\n\r\n';

const row = (
  name: string,
  writes: string | readonly string[],
  outcome: Outcome,
  more: Partial<HostileAnswer> = {},
): HostileAnswer => ({
  name,
  writes: typeof writes === 'string' ? [writes] : writes,
  after: 'keeps',
  outcome,
  ...more,
});

const fields = (...lines: readonly string[]): string => `${OK}${lines.join('\r\n')}\r\n\r\nhello`;

/** Heads of which no one can say what they are, or where their bodies end. */
const UNREADABLE: readonly (readonly [name: string, bytes: string])[] = [
  ['junk', 'junk\r\n\r\n'],
  ['the banner of SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46'],
  ['a frame of HTTP/2', '\0\0\0\x04\0\0\0\0\0'],
  ['HTTP/0.9', '<html>hello</html>'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['a version in lower case', 'http/1.1 200 OK\r\n\r\n'],
  ['a version of SHOUTcast', 'ICY 200 OK\r\n\r\n'],
  ['an empty line in front', `\r\n${POISON}`],
  ['a space in front', ` ${POISON}`],
  ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a negative status', 'HTTP/1.1 -20 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1\r\n\r\n'],
  ['a CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n'],
  ['a NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'],
  ['a status line ended by LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['line ends of LF only', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a length and chunks', fields('Content-Length: 5', 'Transfer-Encoding: chunked')],
  ['chunks and a length', fields('Transfer-Encoding: chunked', 'Content-Length: 5')],
  ['two lengths', fields('Content-Length: 5', 'Content-Length: 6')],
  ['the same length twice', fields('Content-Length: 5', 'Content-Length: 5')],
  ['a list of lengths', fields('Content-Length: 5, 5')],
  ['a negative length', fields('Content-Length: -1')],
  ['a length with a sign', fields('Content-Length: +5')],
  ['a length of nothing', fields('Content-Length:')],
  ['a length above 64 bits', fields('Content-Length: 18446744073709551621')],
  ['an unknown coding', fields('Transfer-Encoding: xchunked')],
  ['a coding beside chunked', fields('Transfer-Encoding: gzip, chunked')],
  ['a coding twice', fields('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['a coding behind a tab', fields('Transfer-Encoding:\tchunked')],
  ['a coding and a space before the colon', fields('Transfer-Encoding : chunked')],
  ['a coding in a fold', fields('Transfer-Encoding:\r\n chunked')],
  ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length named hop-by-hop', fields('Content-Length: 5', 'Connection: content-length')],
  ['a fold', fields('Content-Length: 5', 'X-A: b', ' c')],
  ['a bare LF between fields', fields('X-A: b\nContent-Length: 5')],
  ['a bare CR between fields', fields('X-A: b\rContent-Length: 5')],
  ['a NUL in a value', fields('Content-Length: 5', 'X-A: b\0')],
  ['a name with a space', fields('Content-Length: 5', 'X A: b')],
  ['no name', fields('Content-Length: 5', ': b')],
  ['no colon', fields('Content-Length: 5', 'nothing')],
  ['a flood of fields', fields('Content-Length: 5', ...Array.from({ length: 200 }, (_, i) => `X-${i}: y`))],
  ['a field of 70,000 bytes', fields('Content-Length: 5', `X-A: ${'b'.repeat(70_000)}`)],
  ['a head that never ends', `${OK}${'X-A: b\r\n'.repeat(10_000)}`],
  ['a flood of 1xx', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000)],
  [
    'a 101 that was not asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
  ['a 101 behind a 100', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a bad chunk size at once', `${CHUNKED}hello`],
  ['a negative chunk size at once', `${CHUNKED}-5\r\nhello\r\n${LAST}`],
  ['a chunk of 64 bits at once', `${CHUNKED}FFFFFFFFFFFFFFFB\r\nhello\r\n${LAST}`],
  ['a chunk ended by LF at once', `${CHUNKED}5\nhello\r\n${LAST}`],
];

export const HOSTILE_ANSWERS: readonly HostileAnswer[] = [
  ...UNREADABLE.map(([name, bytes]) => row(name, bytes, MALFORMED)),
  row('nothing', [], LOST, { after: 'closes' }),
  row('nothing, and a reset', [], LOST, { after: 'resets' }),
  row('half a status line', 'HTTP/1.1 2', BROKEN_OFF, { after: 'closes' }),
  row('half a head', `${OK}Content-Le`, BROKEN_OFF, { after: 'closes' }),
  row('a 100 and no more', 'HTTP/1.1 100 Continue\r\n\r\n', LOST, { after: 'closes' }),
  row('a body cut by the end', `${OK}Content-Length: 10\r\n\r\nhello`, CUT, { after: 'closes' }),
  row('a body cut by the end, for HTTP/1.0', `${OK}Content-Length: 10\r\n\r\nhello`, CUT, {
    after: 'closes',
    minor: 0,
  }),
  row('a body cut by a reset', `${OK}Content-Length: 10\r\n\r\nhello`, CUT, { after: 'resets' }),
  row('a body of unknown length cut by a reset', [`${OK}\r\n`, 'hello'], CUT, { after: 'resets' }),
  row('a body of unknown length cut by a reset, for HTTP/1.0', [`${OK}\r\n`, 'hello'], CUT, {
    after: 'resets',
    minor: 0,
  }),
  row('no body where there must be one', `${OK}Content-Length: 10\r\n\r\n`, CUT, { after: 'closes' }),
  row('chunks without the last', `${CHUNKED}5\r\nhello\r\n`, CUT, { after: 'closes' }),
  row('chunks without the last, for HTTP/1.0', `${CHUNKED}5\r\nhello\r\n`, CUT, {
    after: 'closes',
    minor: 0,
  }),
  row('a chunk cut by the end', `${CHUNKED}5\r\nhel`, CUT, { after: 'closes' }),
  row('the last chunk without its empty line', `${CHUNKED}5\r\nhello\r\n0\r\n`, CUT, { after: 'closes' }),
  row('a bad chunk later', [`${CHUNKED}5\r\nhello\r\n`, 'x\r\n'], BROKEN),
  row('a bad chunk later, for HTTP/1.0', [`${CHUNKED}5\r\nhello\r\n`, 'x\r\n'], BROKEN, { minor: 0 }),
  row('a bad chunk end later', [`${CHUNKED}5\r\nhello`, 'xx'], BROKEN),
  row('a bad trailer later', [`${CHUNKED}5\r\nhello\r\n`, '0\r\nContent-Length: 1\r\n\r\n'], BROKEN),
  row('two answers at once', fields('Content-Length: 5') + POISON, passed(200, 'hello')),
  row('a second answer later', [fields('Content-Length: 5'), POISON], passed(200, 'hello')),
  row('an answer and half of a second', `${fields('Content-Length: 5')}HTTP/1.1 2`, passed(200, 'hello')),
  row(
    'an answer and a 100',
    `${fields('Content-Length: 5')}HTTP/1.1 100 Continue\r\n\r\n`,
    passed(200, 'hello'),
  ),
  row('a body longer than its length', `${fields('Content-Length: 5')} and more`, passed(200, 'hello')),
  row('chunks and an answer behind them', `${CHUNKED}5\r\nhello\r\n${LAST}${POISON}`, passed(200, 'hello')),
  row('an answer behind an empty one', `${OK}Content-Length: 0\r\n\r\n${POISON}`, passed(200, '')),
  row('a body in answer to HEAD', fields('Content-Length: 5'), passed(200, ''), { method: 'HEAD' }),
  row('chunks in answer to HEAD', `${CHUNKED}5\r\nhello\r\n${LAST}`, passed(200, ''), { method: 'HEAD' }),
  row(
    'an answer as the body of one to HEAD',
    `${OK}Content-Length: ${POISON.length}\r\n\r\n${POISON}`,
    passed(200, ''),
    { method: 'HEAD' },
  ),
  row('a body in a 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', passed(204, '')),
  row(
    'chunks in a 204',
    `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n${LAST}`,
    passed(204, ''),
  ),
  row('a body in a 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello', passed(304, '')),
  row(
    'an answer as the body of a 304',
    `HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n${POISON}`,
    passed(304, ''),
  ),
  row(
    'a body of a 205',
    'HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello',
    passed(205, 'hello'),
  ),
  row(
    'a 103 that declares a length',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`,
    passed(200, 'poison'),
  ),
  row('a 100 that nobody waits for', `HTTP/1.1 100 Continue\r\n\r\n${POISON}`, passed(200, 'poison')),
  row('a 100 for HTTP/1.0', `HTTP/1.1 100 Continue\r\n\r\n${POISON}`, passed(200, 'poison'), { minor: 0 }),
  row('a body of unknown length', fields('X-A: b'), passed(200, 'hello'), { after: 'closes' }),
  row('a body of unknown length that looks like chunks', `${OK}X-A: b\r\n\r\n${LAST}`, passed(200, LAST), {
    after: 'closes',
  }),
  row('an answer in HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', passed(200, 'hello'), { after: 'closes' }),
  row(
    'an upgrade answered by 200 and an answer behind it',
    fields('Content-Length: 5') + POISON,
    passed(200, 'hello'),
    { asksUpgrade: true },
  ),
  row(
    'an upgrade answered by 426 and an answer behind it',
    `HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nhello${POISON}`,
    passed(426, 'hello'),
    { asksUpgrade: true },
  ),
  row('a status nobody knows', 'HTTP/1.1 999 What\r\nContent-Length: 5\r\n\r\nhello', passed(999, 'hello')),
];
