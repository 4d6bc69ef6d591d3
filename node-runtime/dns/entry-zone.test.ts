import { describe, expect, test } from 'vitest';
import type { Pod } from '#api/kinds/pod.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import { capturedPods, entryNames } from './entry-names.ts';
import { EntryZone } from './entry-zone.ts';

const entry = (name: string, spec: object, status: object = {}) =>
  ({ metadata: { name, namespace: 'shop' }, spec, status }) as unknown as ServiceEntry;
const pod = (address: string, namespace: string, annotations: Record<string, string>) =>
  ({ metadata: { name: address, namespace, annotations }, status: { podIP: address } }) as unknown as Pod;

const injected = { 'sidecar.istio.io/status': '{}' };
const zone = new EntryZone(
  entryNames([
    entry(
      'given',
      { hosts: ['Api.Example.com'] },
      { addresses: [{ value: '240.240.0.1', host: 'api.example.com' }] },
    ),
    entry('own', { hosts: ['*.example.org'], addresses: ['10.1.1.1', '10.2.0.0/16', '10.1.1.2/32'] }),
    entry('deeper', { hosts: ['*.a.example.org'], addresses: ['10.1.1.9'] }),
    entry('private', { hosts: ['private.example.com'], addresses: ['10.1.1.3'], exportTo: ['.'] }),
    entry('bare', { hosts: ['bare.example.com'] }),
  ]),
  capturedPods([
    pod('10.244.0.1', 'shop', injected),
    pod('10.244.0.2', 'other', injected),
    pod('10.244.0.3', 'shop', {}),
    pod('10.244.0.4', 'shop', { ...injected, 'inject.istio.io/templates': 'gateway' }),
  ]),
);

describe('a client gets', () => {
  test.each<[string, string, string, readonly string[] | undefined]>([
    ['the address that was given', 'api.example.com', '10.244.0.1', ['240.240.0.1']],
    [
      "the entry's own addresses, without prefixes",
      'www.example.org',
      '10.244.0.1',
      ['10.1.1.1', '10.1.1.2'],
    ],
    ['those of the longest wildcard', 'x.a.example.org', '10.244.0.1', ['10.1.1.9']],
    ['nothing for the bare domain of a wildcard', 'example.org', '10.244.0.1', undefined],
    ['what is exported to its namespace', 'private.example.com', '10.244.0.1', ['10.1.1.3']],
    ['nothing that is not', 'private.example.com', '10.244.0.2', undefined],
    ['nothing for an entry without addresses', 'bare.example.com', '10.244.0.1', undefined],
    ['nothing without a sidecar', 'api.example.com', '10.244.0.3', undefined],
    ['nothing as a gateway', 'api.example.com', '10.244.0.4', undefined],
    ['nothing as a stranger', 'api.example.com', '10.244.0.99', undefined],
  ])('%s', (_name, name, client, addresses) => expect(zone.lookup(name, client)).toEqual(addresses));
});
