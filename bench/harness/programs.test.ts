import { expect, test } from 'vitest';
import { nameOfSystem } from './machine.ts';
import { versionIn } from './programs.ts';

test.each([
  { said: 'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/', version: '2.6.12' },
  { said: 'nginx version: nginx/1.22.1', version: '1.22.1' },
  { said: 'wrk debian/4.1.0-3build1 [epoll] Copyright (C) 2012 Will Glozer', version: '4.1.0' },
  {
    said: '\n/usr/bin/envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL\n',
    version: '1.40.0',
  },
  { said: 'sh: 1: not found', version: undefined },
])('$version is the version in: $said', ({ said, version }) => {
  expect(versionIn(said)).toBe(version);
});

test.each([
  {
    text: 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
    name: 'Debian GNU/Linux 12 (bookworm)',
  },
  { text: 'ID=own\n', name: 'Linux' },
])('the system is $name', ({ text, name }) => {
  expect(nameOfSystem(text)).toBe(name);
});
