import { describe, expect, test } from 'vitest';
import { Fleet, type FleetOptions } from './fleet.ts';
import { seedOfRun } from './seed.ts';

const seed = seedOfRun();

describe('a fleet', () => {
  test('of two thousand instances keeps its invariants for two hours', { timeout: 120_000 }, () => {
    const fleet = new Fleet({
      seed,
      servers: 2_000,
      hours: 2,
      requestsPerSecond: 50,
      troubleEveryMs: 10_000,
    });
    const summary = fleet.run();
    console.log(JSON.stringify(summary));
    expect(summary.ejections).toBeGreaterThan(50);
    expect(summary.returns).toBeGreaterThan(50);
    expect(summary.trials).toBeGreaterThanOrEqual(50);
    expect(summary.updates).toBeGreaterThan(100);
    expect(summary.errors / summary.requests).toBeLessThan(0.02);
    expect(fleet.client.ended).toBe(fleet.client.started - fleet.cluster.breakers.requests.used);
    expect(fleet.cluster.endpoints).toHaveLength(2_000);
  });

  test('of twelve under heavy trouble gets into panic, and keeps its invariants', () => {
    const fleet = new Fleet({ seed, servers: 12, hours: 2, requestsPerSecond: 50, troubleEveryMs: 10_000 });
    const summary = fleet.run();
    console.log(JSON.stringify(summary));
    expect(summary.picksInPanic).toBeGreaterThan(0);
    expect(summary.ejections).toBeGreaterThan(100);
    expect(fleet.client.ended).toBe(fleet.client.started - fleet.cluster.breakers.requests.used);
  });

  test('lives the same life from the same seed, and another from another', () => {
    const options: FleetOptions = {
      seed,
      servers: 50,
      hours: 0.2,
      requestsPerSecond: 50,
      troubleEveryMs: 5_000,
    };
    const first = new Fleet(options).run();
    expect(new Fleet(options).run()).toEqual(first);
    expect(new Fleet({ ...options, seed: seed + 1 }).run().digest).not.toBe(first.digest);
  });
});
