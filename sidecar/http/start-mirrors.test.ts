import { expect, test } from 'vitest';
import { shadowAuthority, shadowOf } from './start-mirrors.ts';

test.each([
  ['app', 'app-shadow'],
  ['app.test:8080', 'app.test-shadow:8080'],
  ['10.0.0.1', '10.0.0.1-shadow'],
  ['[::1]', '[::1]-shadow'],
  ['[::1]:80', '[::1]-shadow:80'],
])('the shadow of %s is %s', (authority, shadow) => {
  expect(shadowAuthority(authority)).toBe(shadow);
});

test.each([
  [
    'a head with a body',
    'POST / HTTP/1.1\r\nA: 1\r\nHost: app:80\r\nContent-Length: 2\r\n\r\nhi',
    'POST / HTTP/1.1\r\nA: 1\r\nhost: app-shadow:80\r\nContent-Length: 2\r\n\r\nhi',
  ],
  ['what is no request', 'POST / HTTP/1.1\r\n\r\n', undefined],
])('a mirrored request: %s', (_, request, expected) => {
  const bytes = Buffer.from(request, 'latin1');
  expect(shadowOf(bytes)?.toString('latin1')).toBe(expected);
});
