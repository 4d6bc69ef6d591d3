import { expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { FakeCluster } from '#sidecar/http/testing/fakes.ts';
import { DEFAULT_OPAQUE_POLICY } from '#sidecar/tcp/opaque-policy.ts';
import type { WeightedCluster } from './listener-spec.ts';
import { LiveRoutes } from './live-routes.ts';
import { LiveTarget } from './live-target.ts';

const CONNECTIONS = 2_000;

/** How often each cluster is drawn. */
function draws(clusters: readonly WeightedCluster[]): Record<string, number> {
  const known = new Map(clusters.map(({ name }) => [name, new FakeCluster()]));
  const tcp = { clusters, policy: DEFAULT_OPAQUE_POLICY };
  const spec = { name: 'tcp', tls: undefined, protocol: 'tcp' as const, tcp };
  const directory = { get: (name: string) => known.get(name) };
  const target = new LiveTarget(spec, directory, new LiveRoutes(), seededRandom(7));
  const counts: Record<string, number> = {};
  for (let i = 0; i < CONNECTIONS; i++) {
    const drawn = target.cluster();
    const name = [...known].find(([, each]) => drawn.state === 'found' && each === drawn.value)?.[0] ?? '';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test.each([[{ v1: 100 }], [{ v1: 80, v2: 20 }], [{ v1: 1, v2: 1, v3: 2 }], [{ v1: 0, v2: 5 }]])(
  'connections are shared as %j, within 2 points',
  (weights) => {
    const entries = Object.entries(weights);
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
    const counts = draws(entries.map(([name, weight]) => ({ name, weight })));
    for (const [name, weight] of entries) {
      expect(Math.abs((counts[name] ?? 0) / CONNECTIONS - weight / total)).toBeLessThan(0.02);
    }
  },
);
