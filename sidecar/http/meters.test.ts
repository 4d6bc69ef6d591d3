import { expect, test } from 'vitest';
import { serviceOfRoute } from './meters.ts';

test.each([
  ['block_all', 'BlackHoleCluster'],
  ['redirect-to-tls', 'unknown'],
  ['', 'unknown'],
])('what the route "%s" answers by itself was for %s', (route, name) => {
  expect(serviceOfRoute(route)).toEqual({ host: 'unknown', name, namespace: 'unknown' });
});
