import { expect, test } from 'vitest';
import { createAllocator } from './allocator.ts';

test.each([
  { address: '10.96.0.0', outcome: 'reserved' },
  { address: '10.96.0.1', outcome: 'reserved' },
  { address: '10.96.255.255', outcome: 'reserved' },
  { address: '10.96.0.2', outcome: 'granted' },
  { address: '10.96.255.254', outcome: 'granted' },
  { address: '10.97.0.2', outcome: 'outside' },
  { address: '10.95.255.254', outcome: 'outside' },
  { address: 'web', outcome: 'outside' },
  { address: '10.96.0.256', outcome: 'outside' },
])('a claim of $address is $outcome', ({ address, outcome }) => {
  expect(createAllocator('10.96.0.0/16').claim(address, 'a/web')).toEqual({ outcome });
});

test('an address has one owner until that one releases it', () => {
  const allocator = createAllocator('10.96.0.0/16');
  allocator.claim('10.96.0.9', 'a/web');
  expect(allocator.claim('10.96.0.9', 'a/web')).toEqual({ outcome: 'granted' });
  expect(allocator.claim('10.96.0.9', 'a/db')).toEqual({ outcome: 'taken', owner: 'a/web' });
  allocator.release('10.96.0.9', 'a/db');
  expect(allocator.claim('10.96.0.9', 'a/db')).toMatchObject({ outcome: 'taken' });
  allocator.release('10.96.0.9', 'a/web');
  expect(allocator.claim('10.96.0.9', 'a/db')).toEqual({ outcome: 'granted' });
});

test.each([
  { cidr: '10.96.0.0/29', usable: 5 },
  { cidr: '10.96.0.0/26', usable: 61 },
  { cidr: '10.96.0.77/24', usable: 253 },
])('$cidr gives $usable different addresses and then none', ({ cidr, usable }) => {
  const allocator = createAllocator(cidr);
  const given = new Set(Array.from({ length: usable }, (_, i) => allocator.allocate(`ns/s${i}`)));
  expect(given.size).toBe(usable);
  expect(given).not.toContain('10.96.0.1');
  expect(given).not.toContain(undefined);
  expect(allocator.allocate('ns/last')).toBeUndefined();
});

test('the band for addresses asked for by hand is used last', () => {
  const allocator = createAllocator('10.96.0.0/24');
  const last = (address?: string): number => Number(address?.split('.')[3]);
  const given = Array.from({ length: 253 }, (_, i) => last(allocator.allocate(`ns/s${i}`)));
  expect(Math.min(...given.slice(0, 237))).toBe(18);
  expect(Math.max(...given.slice(237))).toBe(17);
});

test('a service made anew gets its old address', () => {
  const allocator = createAllocator('10.96.0.0/16');
  const first = allocator.allocate('shop/web') ?? '';
  allocator.release(first, 'shop/web');
  expect(allocator.allocate('shop/web')).toBe(first);
});

test.each(['10.96.0.0', '10.96.0.0/30', '10.96.0.0/4', 'x/16', '10.96.0.0/a'])(
  'refuses the range %s',
  (cidr) => {
    expect(() => createAllocator(cidr)).toThrow('serviceCidr');
  },
);
