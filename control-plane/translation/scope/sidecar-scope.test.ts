import { describe, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import { Sidecar } from '#api/kinds/sidecar.ts';
import { scopeOf, sidecarFor } from './sidecar-scope.ts';

let age = 0;
function sidecar(namespace: string, name: string, spec: object): Stored<Sidecar> {
  age += 1;
  return Sidecar.schema.parse({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name, namespace, creationTimestamp: String(age).padStart(4, '0') },
    spec,
  }) as Stored<Sidecar>;
}

const host = (name: string, namespace: string) => ({
  host: `${name}.${namespace}.svc.cluster.local`,
  namespace,
});

describe('the Sidecar in force', () => {
  const root = sidecar('istio-system', 'default', {});
  const all = sidecar('shop', 'default', {});
  const web = sidecar('shop', 'web', { workloadSelector: { labels: { app: 'web' } } });
  const inForce = (namespace: string, labels: Record<string, string>, ...sidecars: Stored<Sidecar>[]) =>
    sidecarFor({ namespace, labels }, sidecars, 'istio-system')?.metadata.name;

  test.each([
    ['the one that selects the workload', 'shop', { app: 'web' }, [root, all, web], 'web'],
    ['its namespace’s', 'shop', { app: 'db' }, [root, all, web], 'default'],
    ['the root namespace’s', 'other', {}, [root, all, web], 'default'],
    ['none', 'other', {}, [all, web], undefined],
  ])('is %s', (_, namespace, labels, sidecars, expected) => {
    expect(inForce(namespace, labels, ...sidecars)).toBe(expected);
  });
});

describe('a workload sees', () => {
  const scope = (egress: object[]) => scopeOf(sidecar('shop', 'default', { egress }), 'shop');

  test.each([
    ['what its own namespace has', ['./*'], host('a', 'shop'), true],
    ['nothing of others', ['./*'], host('a', 'other'), false],
    ['a namespace that is named', ['other/*'], host('a', 'other'), true],
    ['one service of every namespace', ['*/a.other.svc.cluster.local'], host('a', 'other'), true],
    ['and not the others', ['*/a.other.svc.cluster.local'], host('b', 'other'), false],
    ['what a wildcard covers', ['*/*.other.svc.cluster.local'], host('a', 'other'), true],
    ['nothing', ['~/*'], host('a', 'shop'), false],
  ])('%s', (_, hosts, service, expected) => {
    expect(scope([{ hosts }]).sees(service, 80)).toBe(expected);
  });

  test('other services on a port that has a listener of its own', () => {
    const own = scope([{ port: { number: 9080 }, hosts: ['./*'] }, { hosts: ['other/*'] }]);
    expect(own.sees(host('a', 'shop'), 9080)).toBe(true);
    expect(own.sees(host('a', 'shop'), 80)).toBe(false);
    expect(own.sees(host('a', 'other'), 9080)).toBe(false);
    expect(own.sees(host('a', 'other'), 80)).toBe(true);
  });
});

test('what nobody names is reached unless the Sidecar says otherwise', () => {
  const mode = (word?: string) =>
    scopeOf(
      sidecar('shop', 'default', word === undefined ? {} : { outboundTrafficPolicy: { mode: word } }),
      'shop',
    ).allowAny;
  expect([mode(), mode('ALLOW_ANY'), mode('REGISTRY_ONLY')]).toEqual([true, true, false]);
});
