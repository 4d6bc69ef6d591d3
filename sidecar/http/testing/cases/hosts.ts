/** Host (RFC 9110 §7.2, RFC 9112 §3.2): one line, one authority, nothing else, for one parser's path is another's host. */
import { type Case, refuses, takes } from './case.ts';

const AUTHORITY = 'RFC 9110 §7.2: uri-host [":" port]';
const ONE = 'RFC 9112 §3.2: more than one is 400';

function withHost(value: string): string {
  return `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
}

const good = takes('GET /');
const bad = refuses('host');

export const HOSTS: readonly Case[] = [
  ['a name', withHost('a.test'), good, AUTHORITY],
  ['a name and a port', withHost('a.test:8080'), good, AUTHORITY],
  ['a name and an empty port', withHost('a.test:'), good, 'RFC 3986 §3.2.3: port = *DIGIT'],
  ['a name with a dot behind', withHost('a.test.'), good, AUTHORITY],
  ['an underscore, as in container names', withHost('my_app:80'), good, 'RFC 3986 §3.2.2: reg-name'],
  ['upper case', withHost('A.Test'), good, 'RFC 9110 §4.2.3'],
  ['an IPv4 address', withHost('10.0.0.1:80'), good, AUTHORITY],
  ['an IPv6 address', withHost('[2001:db8::1]'), good, AUTHORITY],
  ['an IPv6 address and a port', withHost('[::1]:8080'), good, AUTHORITY],
  ['an IPv4 address in IPv6', withHost('[::ffff:10.0.0.1]'), good, AUTHORITY],
  ['nothing', withHost(''), good, 'RFC 9112 §3.2: a target without an authority'],
  ['the highest port', withHost('a:65535'), good, AUTHORITY],
  ['white space around it', 'GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n', good, 'RFC 9112 §5.1: OWS'],
  ['no white space before it', 'GET / HTTP/1.1\r\nHost:a\r\n\r\n', good, 'RFC 9112 §5.1: OWS'],
  ['its name in upper case', 'GET / HTTP/1.1\r\nHOST: a\r\n\r\n', good, 'RFC 9110 §5.1'],
  [
    'none in HTTP/1.0',
    'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    good,
    'RFC 9112 §3.2: of HTTP/1.1',
  ],
  ['none in HTTP/1.1', 'GET / HTTP/1.1\r\n\r\n', refuses('hostMissing'), 'RFC 9112 §3.2: 400'],
  [
    'none but one like it',
    'GET / HTTP/1.1\r\nX-Host: a\r\n\r\n',
    refuses('hostMissing'),
    'RFC 9112 §3.2: 400',
  ],
  ['two', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', refuses('hostTwice'), ONE],
  ['two that are equal', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', refuses('hostTwice'), ONE],
  ['two, one of which is empty', 'GET / HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n', refuses('hostTwice'), ONE],
  [
    'two, apart and in other case',
    'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOsT: b\r\n\r\n',
    refuses('hostTwice'),
    ONE,
  ],
  ['two in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', refuses('hostTwice'), ONE],
  ['two in a list', withHost('a.test, b.test'), bad, AUTHORITY],
  ['two in a list without a space', withHost('a.test,b.test'), bad, AUTHORITY],
  ['two with a space between', withHost('a.test b.test'), bad, AUTHORITY],
  ['two with a tab between', withHost('a.test\tb.test'), bad, AUTHORITY],
  ['user information', withHost('u@a.test'), bad, 'RFC 9110 §7.2'],
  ['a path', withHost('a.test/b'), bad, AUTHORITY],
  ['a query', withHost('a.test?b'), bad, AUTHORITY],
  ['a fragment', withHost('a.test#b'), bad, AUTHORITY],
  ['a backslash', withHost('a.test\\b'), bad, AUTHORITY],
  ['a URI', withHost('http://a.test/'), bad, AUTHORITY],
  ['a port that is no number', withHost('a.test:x'), bad, 'RFC 3986 §3.2.3'],
  ['junk behind a port', withHost('a.test:80x'), bad, 'RFC 3986 §3.2.3'],
  ['a host in place of its port', withHost('a.test:b.test'), bad, 'RFC 3986 §3.2.3'],
  ['two ports', withHost('a.test:80:81'), bad, 'RFC 3986 §3.2.3'],
  ['a signed port', withHost('a.test:+80'), bad, 'RFC 3986 §3.2.3'],
  ['a port beyond all ports', withHost('a.test:65536'), bad, 'no such port: receivers wrap it or drop it'],
  [
    'a port without end',
    withHost(`a.test:${'0'.repeat(30)}80`),
    bad,
    'no such port: receivers wrap it or drop it',
  ],
  ['a port alone', withHost(':80'), bad, 'RFC 9110 §4.2.1: empty host'],
  ['an IPv6 address without brackets', withHost('::1'), bad, 'RFC 3986 §3.2.2'],
  ['a bracket that is not closed', withHost('[::1'), bad, 'RFC 3986 §3.2.2'],
  ['a bracket that was not opened', withHost('::1]'), bad, 'RFC 3986 §3.2.2'],
  ['brackets around nothing', withHost('[]'), bad, 'RFC 3986 §3.2.2'],
  ['brackets around a name', withHost('[a.test]'), bad, 'RFC 3986 §3.2.2'],
  ['a name behind brackets', withHost('[::1]a.test'), bad, 'RFC 3986 §3.2.2'],
  ['a name before brackets', withHost('a[::1]'), bad, 'RFC 3986 §3.2.2'],
  ['a zone in an address', withHost('[fe80::1%25eth0]'), bad, 'RFC 6874: of one machine only'],
  [
    'a percent encoding, which another name hides in',
    withHost('a%2etest'),
    bad,
    'RFC 9110 §4.2.3: equal to a.test for some',
  ],
  ['an encoded NUL', withHost('a%00.test'), bad, 'RFC 9110 §4.2.3'],
  ['obs-text', withHost('a\xe9.test'), bad, AUTHORITY],
  ['quotes', withHost('"a.test"'), bad, AUTHORITY],
  ['angle brackets', withHost('<a.test>'), bad, AUTHORITY],
  ['a pipe', withHost('a|b'), bad, AUTHORITY],
  ['NUL', withHost('a\0b'), refuses('fieldValue'), 'RFC 9110 §5.5'],
  ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n', refuses('fieldName'), 'RFC 9112 §5.2'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', refuses('fieldName'), 'RFC 9112 §5.1'],
  ['a space before the name', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', refuses('fieldName'), 'RFC 9112 §2.2'],
];
