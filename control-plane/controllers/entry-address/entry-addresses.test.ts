import { describe, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import { createEntryAddresses } from './entry-addresses.ts';
import { hostsToAddress, planAddresses } from './plan-addresses.ts';

const entry = (spec: object, status: object = {}, labels: Record<string, string> = {}) =>
  ({
    metadata: { name: 'e', namespace: 'default', labels },
    spec: { hosts: ['a.example.com'], resolution: 'DNS', ...spec },
    status,
  }) as unknown as Stored<ServiceEntry>;

describe('who gets an address', () => {
  test.each<[string, Stored<ServiceEntry>, string[]]>([
    ['a host that is resolved', entry({}), ['a.example.com']],
    [
      'each host once',
      entry({ hosts: ['A.example.com', 'a.example.com', 'b.com'] }),
      ['a.example.com', 'b.com'],
    ],
    ['a wildcard does not', entry({ hosts: ['*.example.com'] }), []],
    ['an entry with addresses does not', entry({ addresses: ['10.0.0.1'] }), []],
    ['what is not resolved does not', entry({ resolution: 'NONE' }), []],
    [
      'who asks for none does not',
      entry({}, {}, { 'networking.istio.io/enable-autoallocate-ip': 'false' }),
      [],
    ],
  ])('%s', (_name, object, hosts) => expect(hostsToAddress(object)).toEqual(hosts));
});

describe('which address', () => {
  test('the one that the status tells', () => {
    const given = [{ value: '240.240.1.2', host: 'a.example.com' }];
    expect(planAddresses(entry({}, { addresses: given }), createEntryAddresses())).toEqual(given);
  });

  test('a free one of the range, the same for the same host', () => {
    const [first] = planAddresses(entry({}), createEntryAddresses());
    expect(first?.value).toMatch(/^240\.240\./);
    expect(planAddresses(entry({}), createEntryAddresses())).toEqual([first]);
  });

  test('another one when somebody else holds it', () => {
    const addresses = createEntryAddresses();
    addresses.take('other', '240.240.1.2');
    const [plan] = planAddresses(
      entry({}, { addresses: [{ value: '240.240.1.2', host: 'a.example.com' }] }),
      addresses,
    );
    expect(plan?.value).not.toBe('240.240.1.2');
  });

  test('an address outside the range is not taken over', () => {
    const stale = { addresses: [{ value: '10.0.0.1', host: 'a.example.com' }] };
    expect(planAddresses(entry({}, stale), createEntryAddresses())[0]?.value).toMatch(/^240\.240\./);
  });
});

describe('what is given back', () => {
  test('waits for its owner', () => {
    const addresses = createEntryAddresses();
    addresses.giveBack('a', addresses.take('a', '240.240.1.2')!);
    expect(addresses.take('b', '240.240.1.2')).not.toBe('240.240.1.2');
    expect(addresses.take('a', undefined)).toBe('240.240.1.2');
  });

  test('goes to others after many more, or when nothing else is left', () => {
    const few = createEntryAddresses('240.240.0.0/16', 1);
    for (const [owner, address] of [
      ['a', '240.240.1.1'],
      ['b', '240.240.1.2'],
    ] as const) {
      few.take(owner, address);
      few.giveBack(owner, address);
    }
    expect(few.take('c', '240.240.1.1')).toBe('240.240.1.1');
    const tiny = createEntryAddresses('240.240.0.0/29');
    const taken = Array.from({ length: 5 }, (_, i) => tiny.take(`o${i}`, undefined));
    expect(new Set(taken).size).toBe(5);
    expect(tiny.take('late', undefined)).toBeUndefined();
    tiny.giveBack('o3', taken[3]!);
    expect(tiny.take('late', undefined)).toBe(taken[3]);
  });
});
