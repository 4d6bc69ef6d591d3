import { expect, test } from 'vitest';
import { contains, gatewayOf, parseCidr } from '#api/mesh/addresses.ts';
import { createIpam } from './ipam.ts';

const SMALL = { podCidr: '10.9.8.0/29' };

test('the gateway is the first host of the range', () => {
  expect(gatewayOf({ podCidr: '10.244.0.0/16' })).toBe('10.244.0.1');
  expect(gatewayOf({ podCidr: '10.9.8.5/29' })).toBe('10.9.8.1');
});

test('a range knows its own', () => {
  expect(contains(parseCidr('10.9.8.0/29'), '10.9.8.7')).toBe(true);
  expect(contains(parseCidr('10.9.8.0/29'), '10.9.8.8')).toBe(false);
  expect(contains(parseCidr('0.0.0.0/0'), '255.255.255.255')).toBe(true);
});

test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '10.0.0.256/8', 'x/8', '10.0.0.0/-1'])(
  'refuses %s',
  (cidr) => {
    expect(() => parseCidr(cidr)).toThrow('is not an IPv4');
  },
);

test('gives every host address once, then says that none is left', () => {
  const ipam = createIpam(SMALL, []);
  const given = Array.from({ length: 5 }, () => ipam.allocate());
  expect(given.toSorted()).toEqual(['10.9.8.2', '10.9.8.3', '10.9.8.4', '10.9.8.5', '10.9.8.6']);
  expect(() => ipam.allocate()).toThrow('all addresses of 10.9.8.0/29 are taken');
});

test('leaves alone what is in use, and foreign addresses', () => {
  const ipam = createIpam(SMALL, ['10.9.8.2', '10.9.8.3', '192.0.2.1']);
  expect(['10.9.8.2', '10.9.8.3']).not.toContain(ipam.allocate());
});

test('gives a released address last', () => {
  const ipam = createIpam(SMALL, []);
  const first = ipam.allocate();
  ipam.release(first);
  const next = Array.from({ length: 5 }, () => ipam.allocate());
  expect(next.indexOf(first)).toBe(4);
});

test.each([
  ['a free address', '10.9.8.4', true],
  ['one in use', '10.9.8.2', false],
  ['the gateway', '10.9.8.1', false],
  ['the broadcast address', '10.9.8.7', false],
  ['a foreign one', '10.9.9.4', false],
])('claims of %s', (_, address, granted) => {
  expect(createIpam(SMALL, ['10.9.8.2']).claim(address)).toBe(granted);
});

test('a range without room for pods is refused', () => {
  expect(() => createIpam({ podCidr: '10.0.0.0/31' }, [])).toThrow('no room for pods');
});
