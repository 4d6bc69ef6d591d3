/** Messages by the grammar of RFC 9112, each part of which is drawn wrong now and then. */
import type { Dice } from './dice.ts';

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'PATCH',
  'get',
  'CONNECT',
  'PURGE',
  'PRI',
  'G(T',
  '',
];
const TARGETS = [
  '/',
  '/a?b=c',
  '*',
  'http://b/c',
  'http://b',
  'http://b?c',
  'https://[::1]:80/',
  '//b',
  'b:80',
  '/#f',
  '/\xe9',
  '',
];
const VERSIONS = ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.10', 'HTTP/1', ''];
const STATUS = ['200', '204', '304', '100', '101', '103', '404', '500', '205', '099', '1000', '20'];
const SPACES = ['', '  ', '\t', '\x0b', '\xa0'];
const ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\r\n ', ''];
const HOSTS = ['a.test:80', '', '[::1]', 'a:b', 'a,b', 'u@a', 'a/b', 'a b', 'A', '%61', ':80', 'a:99999'];
const LENGTHS = [
  '0',
  '+5',
  '-5',
  '5,5',
  '5, 5',
  '0x5',
  '05',
  '5 5',
  '',
  '99999999999999999999',
  '6',
  '4',
  '"5"',
];
const CODINGS = [
  'Chunked',
  'identity',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'xchunked',
  'chunked;a',
  '',
  '"chunked"',
  ' chunked ',
];
const OPTIONS = [
  'keep-alive',
  'close',
  'close, keep-alive',
  'x',
  'host',
  'content-length',
  'transfer-encoding',
  'upgrade',
  ',close',
  'close x',
  'TE, x-hop',
];
const EXTENSIONS = [';a', ';a=b', ';a="b;c"', ';', ' ;a', '; a', ';a=', ';a\n', ';a="\r\n"', ' ', '\t'];
const SIZES = ['0', '05', '6', '4', '+5', '0x5', '-0', 'g', '', 'ffffffffffffffffff', '5h'];
const TRAILERS = [
  'X-Sum: a\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: b\r\n',
  'X : a\r\n',
  ' X: a\r\n',
  'X: a\n',
  'X: \0\r\n',
];
const FIELDS = [
  'X: a\r\n',
  'X:\r\n',
  'X_Y: a\tb\r\n',
  'X: \xe9\r\n',
  'X : a\r\n',
  'X: a\r\n b\r\n',
  'X\r\n',
  ': a\r\n',
  'X: a\0\r\n',
  'X: a\rY: b\r\n',
  'Content_Length: 5\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  'Upgrade: h2c\r\n',
  'Proxy-Connection: close\r\n',
  'Keep-Alive: timeout=5\r\n',
  'Trailer: X\r\n',
  'TE: trailers\r\n',
];

export function request(dice: Dice): string {
  const space = (): string => dice.usually(' ', SPACES);
  const line = `${dice.usually('POST', METHODS)}${space()}${dice.usually('/', TARGETS)}${space()}${dice.usually('HTTP/1.1', VERSIONS)}`;
  const host = dice.oneIn(12) ? '' : field(dice, 'Host', dice.usually('a', HOSTS));
  return `${dice.oneIn(12) ? '\r\n' : ''}${line}${lineEnd(dice)}${host}${fieldsAndBody(dice)}`;
}

export function response(dice: Dice): string {
  const line = `${dice.usually('HTTP/1.1', VERSIONS)}${dice.usually(' ', SPACES)}${dice.usually('200', STATUS)}${dice.usually(' OK', ['', ' ', '\tOK', ' \0', ' \xe9'])}`;
  return `${line}${lineEnd(dice)}${fieldsAndBody(dice)}`;
}

function fieldsAndBody(dice: Dice): string {
  const some = (): string => dice.several(2, () => dice.pick(FIELDS));
  const connection = dice.oneIn(3) ? field(dice, 'Connection', dice.pick(OPTIONS)) : '';
  const length = field(
    dice,
    dice.usually('Content-Length', ['CONTENT-LENGTH', 'Content_Length']),
    dice.usually('5', LENGTHS),
  );
  const coding = field(
    dice,
    dice.usually('Transfer-Encoding', ['transfer-encoding', 'Transfer_Encoding']),
    dice.usually('chunked', CODINGS),
  );
  const end = dice.usually('\r\n', ['\n', '\r', '\r\r\n', ' \r\n']);
  const framing = dice.below(8);
  if (framing < 2) return `${some()}${connection}${end}`;
  if (framing < 4) return `${some()}${length}${connection}${end}hello`;
  if (framing < 7) return `${some()}${coding}${connection}${end}${chunks(dice)}`;
  return `${length}${some()}${dice.oneIn(2) ? coding : length}${connection}${end}${dice.oneIn(2) ? 'hello' : chunks(dice)}`;
}

function field(dice: Dice, name: string, value: string): string {
  const colon = dice.usually(': ', [':', ':\t', ' : ', ':  ', ':\x0b']);
  return `${name}${colon}${value}${dice.usually('', [' ', '\t', '\0', '\x0b'])}${lineEnd(dice)}`;
}

function chunks(dice: Dice): string {
  const chunk = (): string => {
    const extension = dice.oneIn(4) ? dice.pick(EXTENSIONS) : '';
    return `${dice.usually('5', SIZES)}${extension}${lineEnd(dice)}hello${lineEnd(dice)}`;
  };
  const last = `${dice.usually('0', SIZES)}${dice.oneIn(6) ? dice.pick(EXTENSIONS) : ''}${lineEnd(dice)}`;
  return `${dice.several(3, chunk)}${last}${dice.oneIn(4) ? dice.pick(TRAILERS) : ''}${lineEnd(dice)}`;
}

/** Nearly always CRLF: a message has many, and one wrong is enough. */
function lineEnd(dice: Dice): string {
  return dice.oneIn(40) ? dice.pick(ENDS) : '\r\n';
}
