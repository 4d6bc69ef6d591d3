import { describe, expect, test } from 'vitest';
import { chooseConfig, DEFAULT_PLACE } from '../mesh/choose-config.ts';
import { chooseAddons } from './choose-addons.ts';

const NOTHING = { ports: new Set<number>(), ranges: [] };
const ours = chooseConfig(DEFAULT_PLACE, 'node', {}, NOTHING);
const other = chooseConfig({ dataDir: '/tmp/a/data', runDir: '/tmp/a/run' }, 'node', {}, NOTHING);
const IDLE = new Set<string>();
const FREE = new Set<number>();

describe('addons of a mesh', () => {
  test('are none unless asked for', () => {
    expect(chooseAddons(ours, {}, IDLE, FREE)).toEqual({});
  });

  test('have the well-known ports in the default directories, held or not: who holds one is told', () => {
    expect(chooseAddons(ours, { prometheus: {} }, IDLE, new Set([9090]))).toEqual({
      prometheus: { port: 9090 },
    });
  });

  test('have ports after those of another mesh, the first that is free', () => {
    const first = other.apiPort + 4;
    expect(chooseAddons(other, { prometheus: {} }, IDLE, FREE)).toEqual({ prometheus: { port: first } });
    expect(chooseAddons(other, { prometheus: {} }, IDLE, new Set([first]))).toEqual({
      prometheus: { port: first + 1 },
    });
  });

  test('take no port of the mesh itself', () => {
    const crowded = { ...other, nodeMetricsPort: other.apiPort + 4 };
    expect(chooseAddons(crowded, { prometheus: {} }, IDLE, FREE)).toEqual({
      prometheus: { port: other.apiPort + 5 },
    });
  });

  test('are refused a port of the mesh itself, which nobody may hold yet', () => {
    expect(() => chooseAddons(ours, { prometheus: { port: ours.apiPort } }, IDLE, FREE)).toThrow(
      /port 6443 is one of the mesh itself/,
    );
  });

  test('stay as they are when nothing is asked, and when the same is', () => {
    const had = { ...ours, addons: { prometheus: { port: 9999 } } };
    expect(chooseAddons(had, {}, IDLE, FREE)).toEqual(had.addons);
    expect(chooseAddons(had, { prometheus: {} }, IDLE, FREE)).toEqual(had.addons);
  });

  test('go when they are to, running or not, and were there or not', () => {
    const had = { ...ours, addons: { prometheus: { port: 9999 } } };
    expect(chooseAddons(had, { prometheus: false }, new Set(['prometheus']), FREE)).toEqual({});
    expect(chooseAddons(ours, { prometheus: false }, IDLE, FREE)).toEqual({});
  });

  test('move while they do not run, and only then', () => {
    const had = { ...ours, addons: { prometheus: { port: 9999 } } };
    expect(chooseAddons(had, { prometheus: { port: 9191 } }, IDLE, FREE)).toEqual({
      prometheus: { port: 9191 },
    });
    expect(() => chooseAddons(had, { prometheus: { port: 9191 } }, new Set(['prometheus']), FREE)).toThrow(
      /runs at port 9999 and cannot move now/,
    );
  });
});
