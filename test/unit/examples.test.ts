import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Deployment } from '#api/kinds/deployment.ts';
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Service } from '#api/kinds/service.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import type { Destination, VirtualService } from '#api/kinds/virtual-service.ts';
import { loadManifests } from '#cli/resources/manifests.ts';

const FILES = globSync('examples/**/*.yaml').sort();
const objects = <T>(kind: string, file?: string): T[] =>
  loadManifests(file === undefined ? FILES : [file])
    .filter((manifest) => manifest.kind.kind === kind)
    .map(({ defaulted }) => defaulted as unknown as T);

test.each(FILES)('%s is what weft accepts', (file) => {
  expect(loadManifests([file]).length).toBeGreaterThan(0);
});

test('every container of the examples has a limit on memory and processor', () => {
  const containers = objects<Deployment>('Deployment').flatMap(
    (deployment) => deployment.spec.template.spec.containers,
  );
  expect(containers.length).toBeGreaterThan(0);
  for (const { resources } of containers) {
    expect(Object.keys(resources?.limits ?? {}).sort()).toEqual(['cpu', 'memory']);
  }
});

/** Of routes in a mesh: the gateways' own service comes with the gateways. */
const GATEWAYS = /^istio-(ingress|egress)gateway\.istio-system\./;
const destinations = (): Destination[] =>
  objects<VirtualService>('VirtualService')
    .flatMap(({ spec }) => [...(spec.http ?? []), ...(spec.tcp ?? []), ...(spec.tls ?? [])])
    .flatMap(({ route = [] }) => route.map(({ destination }) => destination));

test('every route of the examples leads to a subset that a destination rule defines', () => {
  const subsets = objects<DestinationRule>('DestinationRule').flatMap(({ spec }) =>
    (spec.subsets ?? []).map(({ name }) => `${spec.host} ${name}`),
  );
  const named = destinations().filter(({ subset }) => subset !== undefined);
  const wanted = named.map(({ host, subset }) => `${host} ${subset}`);
  expect(new Set(wanted).difference(new Set(subsets))).toEqual(new Set());
});

test('every route of the examples leads to a service', () => {
  const services = objects<Service>('Service').map(({ metadata }) => metadata.name);
  const entries = objects<ServiceEntry>('ServiceEntry').flatMap(({ spec }) => spec.hosts);
  const hosts = destinations().map(({ host }) => host);
  const elsewhere = new Set(hosts).difference(new Set([...services, ...entries]));
  expect([...elsewhere].filter((host) => !GATEWAYS.test(host))).toEqual([]);
});

test('every subset of the examples selects the pods of a deployment', () => {
  const versions = objects<Deployment>('Deployment').map(({ spec }) => {
    const { app, version } = spec.template.metadata?.labels ?? {};
    return `${app} ${version}`;
  });
  const selected = objects<DestinationRule>('DestinationRule')
    .filter(({ spec }) => !GATEWAYS.test(spec.host))
    .flatMap(({ spec }) => (spec.subsets ?? []).map(({ labels }) => `${spec.host} ${labels?.['version']}`));
  expect(new Set(selected).difference(new Set(versions))).toEqual(new Set());
});
