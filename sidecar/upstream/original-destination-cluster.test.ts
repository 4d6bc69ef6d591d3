import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { OriginalDestination } from './cluster.ts';
import { OriginalDestinationCluster } from './original-destination-cluster.ts';
import { ANY_REQUEST, policyOf } from './testing/endpoints.ts';

const pick = (cluster: OriginalDestinationCluster, original: OriginalDestination) =>
  cluster.pick({ ...ANY_REQUEST, original });

test('a connection goes where it was going, and the place stays one endpoint', () => {
  const cluster = new OriginalDestinationCluster(policyOf(), new ManualClock());
  const first = pick(cluster, { address: '192.0.2.1', port: 80 });
  pick(cluster, { address: '192.0.2.2', port: 80 });
  expect(first).toMatchObject({ address: '192.0.2.1', port: 80 });
  expect(pick(cluster, { address: '192.0.2.1', port: 80 })).toBe(first);
});

test('one that came to this proxy itself goes nowhere', () => {
  const cluster = new OriginalDestinationCluster(policyOf(), new ManualClock());
  pick(cluster, { address: '192.0.2.1', port: 80 });
  expect(pick(cluster, { address: '192.0.2.1', port: 80, bound: true })).toBeUndefined();
});
