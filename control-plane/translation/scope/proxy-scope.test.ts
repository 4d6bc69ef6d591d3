import { expect, test } from 'vitest';
import { CLUSTER_TYPE, LISTENER_TYPE, RESOURCE_TYPES, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { sidecarView } from '../sidecar-view.ts';
import { inputOf, newWorld } from '../testing/golden.ts';

const service = (name: string, namespace: string, port: number, clusterIP: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { clusterIP, ports: [{ name: port === 80 ? 'http' : 'tcp', port }] },
});

const sidecar = (hosts: string[]) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Sidecar',
  metadata: { name: 'default', namespace: 'shop' },
  spec: { egress: [{ hosts }] },
});

test('a Sidecar that comes, changes and goes changes what its workloads see, and they are told', () => {
  const world = newWorld();
  world.apply(
    [
      service('own', 'shop', 80, '10.96.0.1'),
      service('far', 'other', 80, '10.96.0.2'),
      service('db', 'other', 5432, '10.96.0.3'),
    ].map(inputOf),
  );
  const view = sidecarView(world, { pod: 'p', namespace: 'shop' });
  const elsewhere = sidecarView(world, { pod: 'q', namespace: 'other' });
  const far = 'outbound|80||far.other.svc.cluster.local';
  const seen = () => [
    view.get(CLUSTER_TYPE, far) !== undefined,
    [...view.names(CLUSTER_TYPE)].includes(far),
    [...view.names(LISTENER_TYPE)].includes('10.96.0.3_5432'),
    view.get(ROUTE_TYPE, 'far.other.svc.cluster.local:1') !== undefined,
  ];
  expect(seen()).toEqual([true, true, true, false]);

  const narrowed = world.apply([inputOf(sidecar(['./*']), 9)]);
  const told = RESOURCE_TYPES.flatMap((type) => [...view.changed(type, narrowed)]);
  expect(told).toEqual(expect.arrayContaining([far, '10.96.0.3_5432', '80']));
  expect(RESOURCE_TYPES.flatMap((type) => [...elsewhere.changed(type, narrowed)])).toEqual([]);
  expect(seen()).toEqual([false, false, false, false]);
  const routes = view.get(ROUTE_TYPE, '80');

  world.apply([inputOf(sidecar(['./*', 'other/far.other.svc.cluster.local']), 9)]);
  expect(seen()).toEqual([true, true, false, false]);
  expect(view.get(ROUTE_TYPE, '80')?.version).not.toBe(routes?.version);

  const gone = inputOf(sidecar(['*/*']), 9);
  world.apply([{ ...gone, object: undefined } as typeof gone]);
  expect(seen()).toEqual([true, true, true, false]);
});
