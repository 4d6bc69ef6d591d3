import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Deployment } from '#api/kinds/deployment.ts';
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
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

test('every route of the examples leads to a subset that a destination rule defines', () => {
  const subsets = objects<DestinationRule>('DestinationRule').flatMap(({ spec }) =>
    (spec.subsets ?? []).map(({ name }) => `${spec.host} ${name}`),
  );
  const destinations = objects<VirtualService>('VirtualService').flatMap(({ spec }) =>
    (spec.http ?? []).flatMap(({ route = [] }) =>
      route.map(({ destination: { host, subset } }) => `${host} ${subset}`),
    ),
  );
  expect(new Set(destinations).difference(new Set(subsets))).toEqual(new Set());
});

test('every subset of the examples selects the pods of a deployment', () => {
  const versions = objects<Deployment>('Deployment').map(({ spec }) => {
    const { app, version } = spec.template.metadata?.labels ?? {};
    return `${app} ${version}`;
  });
  const selected = objects<DestinationRule>('DestinationRule').flatMap(({ spec }) =>
    (spec.subsets ?? []).map(({ labels }) => `${spec.host} ${labels?.['version']}`),
  );
  expect(new Set(selected).difference(new Set(versions))).toEqual(new Set());
});
