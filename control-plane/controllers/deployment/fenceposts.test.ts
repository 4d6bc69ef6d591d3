import { expect, test } from 'vitest';
import { deploymentOf } from './deployment-fixture.ts';
import { fencepostsOf } from './fenceposts.ts';

test.each([
  { replicas: 10, maxSurge: '25%', maxUnavailable: '25%', is: [3, 2] },
  { replicas: 4, maxSurge: '25%', maxUnavailable: '25%', is: [1, 1] },
  { replicas: 1, maxSurge: '25%', maxUnavailable: '25%', is: [1, 0] },
  { replicas: 3, maxSurge: 0, maxUnavailable: '10%', is: [0, 1] },
  { replicas: 3, maxSurge: '0%', maxUnavailable: '30%', is: [0, 1] },
  { replicas: 2, maxSurge: 1, maxUnavailable: 5, is: [1, 2] },
  { replicas: 3, maxSurge: '200%', maxUnavailable: 0, is: [6, 0] },
  { replicas: 0, maxSurge: '25%', maxUnavailable: '25%', is: [0, 0] },
])('$replicas replicas, surge $maxSurge, unavailable $maxUnavailable: $is', (row) => {
  const { maxSurge, maxUnavailable } = row;
  const strategy = { rollingUpdate: { maxSurge, maxUnavailable } };
  const found = fencepostsOf(deploymentOf({ replicas: row.replicas, strategy }));
  expect([found.maxSurge, found.maxUnavailable]).toEqual(row.is);
});

test('Recreate surges nothing and holds nothing back', () => {
  const found = fencepostsOf(deploymentOf({ replicas: 4, strategy: { type: 'Recreate' } }));
  expect(found).toEqual({ maxSurge: 0, maxUnavailable: 0 });
});
