/** Connection, Upgrade, Expect and their kin: what they do to the connection, and what they may not name. */
import { type Case, ends, get, ok, post, refuses, takes, type Verdict } from './case.ts';

const OPTIONS = 'RFC 9110 §7.6.1';
const MANY = 'each is looked for among all lines: limits on everything';
const MESSAGE = 'RFC 9110 §7.6.1: fields of the message itself are no options';

interface Named {
  readonly why: string;
  readonly value: string;
  readonly verdict: 'stays' | 'ends' | 'refused' | 'fieldValue';
  readonly source: string;
}

const VALUES: readonly Named[] = [
  { why: 'keep-alive', value: 'keep-alive', verdict: 'stays', source: 'RFC 9112 §9.3' },
  { why: 'close', value: 'close', verdict: 'ends', source: 'RFC 9112 §9.6' },
  {
    why: 'close in upper case',
    value: 'CLOSE',
    verdict: 'ends',
    source: 'RFC 9110 §7.6.1: case-insensitive',
  },
  {
    why: 'close behind keep-alive',
    value: 'keep-alive, close',
    verdict: 'ends',
    source: 'RFC 9112 §9.3: close wins',
  },
  {
    why: 'close before keep-alive',
    value: 'close, keep-alive',
    verdict: 'ends',
    source: 'RFC 9112 §9.3: close wins',
  },
  { why: 'close behind an unknown option', value: 'x,close', verdict: 'ends', source: OPTIONS },
  { why: 'nothing', value: '', verdict: 'stays', source: 'RFC 9110 §5.6.1.2: empty lists' },
  {
    why: 'empty elements',
    value: ', ,close,,',
    verdict: 'ends',
    source: 'RFC 9110 §5.6.1.2: empty elements',
  },
  { why: 'tabs between options', value: 'x\t,\tclose', verdict: 'ends', source: 'RFC 9110 §5.6.1' },
  { why: 'an option that begins like close', value: 'closed', verdict: 'stays', source: OPTIONS },
  { why: 'a field of the hop', value: 'TE, X-Hop', verdict: 'stays', source: OPTIONS },
  {
    why: 'two words without a comma',
    value: 'close keep-alive',
    verdict: 'refused',
    source: 'RFC 9110 §5.6.1: a list of tokens',
  },
  { why: 'a parameter', value: 'close;q=1', verdict: 'refused', source: 'RFC 9110 §5.6.1: a list of tokens' },
  { why: 'quotes', value: '"close"', verdict: 'refused', source: 'RFC 9110 §5.6.1: a list of tokens' },
  { why: 'obs-text', value: 'clos\xe9', verdict: 'refused', source: 'RFC 9110 §5.6.1: a list of tokens' },
  { why: 'NUL', value: 'close\0', verdict: 'fieldValue', source: 'RFC 9110 §5.5' },
  ...[
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Content-Encoding',
    'Content-Type',
    'Content-Range',
    'Authorization',
    'Cookie',
    'Set-Cookie',
    'Cache-Control',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'Forwarded',
    'X-Envoy-Peer-Metadata',
    'close, host',
    'close,transfer-encoding',
  ].map(
    (value): Named => ({ why: `an option that is ${value}`, value, verdict: 'refused', source: MESSAGE }),
  ),
];

function verdictOf({ verdict }: Named, stays: Verdict, last: Verdict): Verdict {
  if (verdict === 'refused') return refuses('connection');
  if (verdict === 'fieldValue') return refuses('fieldValue');
  return verdict === 'stays' ? stays : last;
}

const TWO = get('/next');

export const REQUEST_CONNECTIONS: readonly Case[] = [
  ...VALUES.map((row): Case => {
    const bytes = get('/', `Connection: ${row.value}\r\n`) + TWO;
    return [row.why, bytes, verdictOf(row, takes('GET /', 'GET /next'), ends('GET /')), row.source];
  }),
  [
    'close in a second line',
    get('/', 'Connection: x\r\nConnection: close\r\n') + TWO,
    ends('GET /'),
    'RFC 9110 §5.3',
  ],
  [
    'close in a first line',
    get('/', 'Connection: close\r\nConnection: x\r\n') + TWO,
    ends('GET /'),
    'RFC 9110 §5.3',
  ],
  [
    'as many names of lines as a message may have lines',
    get('/', `Connection: ${'x,'.repeat(100)}close\r\n`),
    ends('GET /'),
    MANY,
  ],
  [
    'more names of lines than a message may have lines',
    get('/', `Connection: ${'x,'.repeat(101)}close\r\n`),
    refuses('tooManyOptions'),
    MANY,
  ],
  [
    'as many in two lines',
    get('/', `Connection: ${'x,'.repeat(60)}\r\n`.repeat(2)),
    refuses('tooManyOptions'),
    MANY,
  ],
  ['HTTP/1.0 ends', `GET / HTTP/1.0\r\n\r\n${TWO}`, ends('GET /'), 'RFC 9112 §9.3'],
  [
    'HTTP/1.0 stays when asked',
    `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${TWO}`,
    takes('GET /', 'GET /next'),
    'RFC 9112 §9.3',
  ],
  [
    'HTTP/1.0 that asks for both ends',
    `GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n${TWO}`,
    ends('GET /'),
    'RFC 9112 §9.3',
  ],
  [
    'Proxy-Connection means nothing',
    get('/', 'Proxy-Connection: close\r\n') + TWO,
    takes('GET /', 'GET /next'),
    'RFC 9112 §C.2.2',
  ],
  [
    'Keep-Alive means nothing',
    get('/', 'Keep-Alive: timeout=0\r\n') + TWO,
    takes('GET /', 'GET /next'),
    'RFC 9112 §C.2.2',
  ],
  [
    'an upgrade',
    get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n') + TWO,
    takes('GET /', 'GET /next'),
    'RFC 9110 §7.8: may be ignored',
  ],
  [
    'an upgrade with a body',
    post('Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n', 'hello') + TWO,
    takes('POST / hello', 'GET /next'),
    'RFC 9110 §7.8',
  ],
  [
    'an upgrade to h2c',
    get('/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n') + TWO,
    takes('GET /', 'GET /next'),
    'RFC 9113 §3.1: withdrawn',
  ],
  [
    'an expectation',
    post('Expect: 100-continue\r\nContent-Length: 5\r\n', 'hello') + TWO,
    takes('POST / hello', 'GET /next'),
    'RFC 9110 §10.1.1',
  ],
  [
    'another expectation, which is for the app',
    post('Expect: 200-ok\r\nContent-Length: 5\r\n', 'hello') + TWO,
    takes('POST / hello', 'GET /next'),
    'RFC 9110 §10.1.1: MAY be 417',
  ],
];

export const RESPONSE_CONNECTIONS: readonly Case[] = [
  ...VALUES.map((row): Case => {
    const bytes = ok(`Connection: ${row.value}\r\nContent-Length: 5\r\n`, 'hello');
    return [row.why, bytes, verdictOf(row, ends('200 hello'), ends('200 hello')), row.source];
  }),
];
