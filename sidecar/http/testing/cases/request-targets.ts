/** Request targets (RFC 9112 §3.2): their four forms, and octets that receivers read differently. */
import { type Case, get, refuses, takes, waits } from './case.ts';

const ORIGIN = 'RFC 9112 §3.2.1';
const ABSOLUTE = 'RFC 9112 §3.2.2';
const ASTERISK = 'RFC 9112 §3.2.4';
const OPAQUE = 'nothing is decoded here: routes and app see the same octets';
const ASCII = 'RFC 3986 §2: octets above ASCII are encoded; HAProxy, Envoy and llhttp refuse them bare';
const KIB_30 = 30 * 1024;
const longest = `/${'x'.repeat(KIB_30 - 1)}`;

function options(target: string): string {
  return `OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

export const REQUEST_TARGETS: readonly Case[] = [
  ['a path with a query', get('/a/b?c=d&e'), takes('GET /a/b?c=d&e'), ORIGIN],
  ['an empty query', get('/?'), takes('GET /?'), ORIGIN],
  ['two question marks', get('/?a?b'), takes('GET /?a?b'), 'RFC 3986 §3.4'],
  ['two slashes at its start', get('//b/c'), takes('GET //b/c'), `${ORIGIN}: a path, no authority`],
  ['dot segments', get('/a/../b/./c'), takes('GET /a/../b/./c'), OPAQUE],
  ['an encoded slash', get('/a%2Fb'), takes('GET /a%2Fb'), OPAQUE],
  ['an encoded NUL', get('/a%00b'), takes('GET /a%00b'), OPAQUE],
  ['an encoded line end', get('/a%0d%0aX:%20y'), takes('GET /a%0d%0aX:%20y'), OPAQUE],
  ['a broken percent encoding', get('/a%zz%'), takes('GET /a%zz%'), OPAQUE],
  ['characters that a URI has not, but senders use', get('/a"<>\\^`{|}'), takes('GET /a"<>\\^`{|}'), OPAQUE],
  ['UTF-8 that is not encoded', get('/\xc3\xa9'), refuses('target'), ASCII],
  ['an octet that is no UTF-8', get('/a?b=\xff'), refuses('target'), ASCII],
  ['a colon and an at in a path', get('/u:p@b/'), takes('GET /u:p@b/'), 'RFC 3986 §3.3'],
  ['a semicolon', get('/a;b=c'), takes('GET /a;b=c'), 'RFC 3986 §3.3'],
  ['a fragment', get('/a#b'), refuses('target'), 'RFC 9112 §3.2: has none (CVE-2023-45539)'],
  ['an empty fragment', get('/a#'), refuses('target'), 'RFC 9112 §3.2: has none'],
  ['a fragment behind a query', get('/a?b#c'), refuses('target'), 'RFC 9112 §3.2: has none'],
  ['NUL', get('/a\0b'), refuses('requestLine'), ORIGIN],
  ['DEL', get('/a\x7fb'), refuses('requestLine'), ORIGIN],
  ['an escape', get('/a\x1bb'), refuses('requestLine'), ORIGIN],
  ['no slash at its start', get('a'), refuses('target'), ORIGIN],
  ['a query alone', get('?a'), refuses('target'), ORIGIN],
  ['a backslash at its start', get('\\a'), refuses('target'), ORIGIN],
  ['an encoded slash at its start', get('%2Fa'), refuses('target'), ORIGIN],
  ['a dot at its start', get('./a'), refuses('target'), ORIGIN],
  ['an at at its start', get('@b/'), refuses('target'), ORIGIN],
  ['a host and port alone', get('a:80'), refuses('target'), 'RFC 9112 §3.2.3: for CONNECT'],
  ['a host alone', get('a.test'), refuses('target'), ORIGIN],

  ['absolute form', get('http://b/c?d'), takes('GET http://b/c?d'), ABSOLUTE],
  ['absolute form with a port', get('http://b:81/c'), takes('GET http://b:81/c'), ABSOLUTE],
  ['absolute form of an IPv6 address', get('http://[::1]:81/c'), takes('GET http://[::1]:81/c'), ABSOLUTE],
  ['absolute form of https', get('https://b/c'), takes('GET https://b/c'), ABSOLUTE],
  ['absolute form in upper case', get('HTTP://B/c'), takes('GET HTTP://B/c'), 'RFC 3986 §3.1'],
  ['absolute form without a path', get('http://b'), takes('GET http://b'), ABSOLUTE],
  ['absolute form with a query only', get('http://b?c'), takes('GET http://b?c'), 'RFC 9110 §4.2.1'],
  ['absolute form beside another Host, which gives way', get('http://b/'), takes('GET http://b/'), ABSOLUTE],
  [
    'absolute form without a Host',
    'GET http://b/ HTTP/1.1\r\n\r\n',
    refuses('hostMissing'),
    'RFC 9112 §3.2: MUST',
  ],
  ['absolute form without an authority', get('http:///c'), refuses('target'), 'RFC 9110 §4.2.1'],
  ['absolute form with an empty authority', get('http://'), refuses('target'), 'RFC 9110 §4.2.1'],
  ['absolute form with a port only', get('http://:80/'), refuses('host'), 'RFC 9110 §4.2.1'],
  ['absolute form with one slash', get('http:/b/c'), refuses('target'), ABSOLUTE],
  ['absolute form without slashes', get('http:b'), refuses('target'), ABSOLUTE],
  ['absolute form with three slashes', get('http:///b/c'), refuses('target'), ABSOLUTE],
  ['absolute form with backslashes', get('http:\\\\b\\c'), refuses('target'), ABSOLUTE],
  ['a backslash that ends the authority for some', get('http://b\\@c/'), refuses('host'), 'RFC 3986 §3.2'],
  ['user information', get('http://u@b/'), refuses('host'), 'RFC 9110 §4.2.4'],
  ['user information with a password', get('http://u:p@b/'), refuses('host'), 'RFC 9110 §4.2.4'],
  ['an authority with junk behind its port', get('http://b:80x/'), refuses('host'), 'RFC 3986 §3.2.3'],
  ['an authority with two ports', get('http://b:80:81/'), refuses('host'), 'RFC 3986 §3.2.3'],
  ['an authority in a fragment', get('http://b#@c/'), refuses('target'), ABSOLUTE],
  ['another scheme', get('ftp://b/c'), refuses('target'), ABSOLUTE],
  ['a scheme that begins like one', get('httpx://b/c'), refuses('target'), ABSOLUTE],
  ['javascript', get('javascript:alert(1)'), refuses('target'), ABSOLUTE],
  ['a file', get('file:///etc/passwd'), refuses('target'), ABSOLUTE],

  ['an asterisk for OPTIONS', options('*'), takes('OPTIONS *'), ASTERISK],
  ['OPTIONS of a path', options('/'), takes('OPTIONS /'), ASTERISK],
  ['OPTIONS in absolute form without a path', options('http://b'), takes('OPTIONS http://b'), ASTERISK],
  ['an asterisk for GET', get('*'), refuses('target'), ASTERISK],
  ['more than an asterisk', options('*/a'), refuses('target'), ASTERISK],
  ['two asterisks', options('**'), refuses('target'), ASTERISK],

  ['the longest target', get(longest), takes(`GET ${longest}`), 'RFC 9112 §3: 8000 at least'],
  ['an octet more', get(`${longest}x`), refuses('targetTooLong'), 'RFC 9110 §15.5.15: 414'],
  ['a target without end', `GET ${longest}xx`, refuses('targetTooLong'), 'RFC 9110 §15.5.15: 414'],
  ['a long target that goes on', `GET ${longest}`, waits('in-head'), 'RFC 9112 §3'],
  [
    'what is wrong behind the longest target',
    get(`${longest}x#`),
    refuses('targetTooLong'),
    'RFC 9110 §15.5.15: 414',
  ],
];
