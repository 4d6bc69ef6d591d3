import { expect, test } from 'vitest';
import { bridgeName, checkSandboxName, hostLinkName, podMac } from './names.ts';

test('link names fit the kernel’s 15 characters, also with the longest id', () => {
  expect(hostLinkName('abcdefgh', 'abcdefgh-some-long-pod-name-0001')).toMatch(/^abcdefgh-[0-9a-z]{6}$/);
  expect(bridgeName('abcdefgh').length).toBeLessThanOrEqual(15);
});

test('a thousand pods have a thousand links', () => {
  const names = Array.from({ length: 1_000 }, (_, i) => hostLinkName('m', `m-pod-${i}`));
  expect(new Set(names).size).toBe(1_000);
});

test('a pod’s hardware address is made of its address', () => {
  expect(podMac('10.244.0.9')).toBe('0a:58:0a:f4:00:09');
});

test.each(['m-pod', `m-${'x'.repeat(61)}`])('%s is a sandbox name', (name) => {
  expect(() => checkSandboxName('m', name)).not.toThrow();
});

test.each(['pod', 'n-pod', 'm-Pod', 'm-../x', 'm-a b', `m-${'x'.repeat(62)}`])('%s is none', (name) => {
  expect(() => checkSandboxName('m', name)).toThrow('is not a sandbox name of mesh m');
});
