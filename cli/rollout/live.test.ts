import { describe, expect, test } from 'vitest';
import type { HttpClient } from '#api/client/http-client.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { absentSidecars, awaitLive } from './live.ts';

const pod = (name: string, more: { phase?: string; sidecar?: boolean; deleting?: boolean } = {}): Pod =>
  ({
    metadata: {
      name,
      namespace: 'default',
      ...(more.sidecar !== false && { annotations: { 'sidecar.istio.io/status': '{}' } }),
      ...(more.deleting && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    status: { phase: more.phase ?? 'Running' },
  }) as unknown as Pod;
const proxy = (name: string) => ({
  proxy: `${name}.default`,
  kind: 'sidecar',
  connectedSince: '',
  types: {},
});

/** A control plane that answers each question in turn, the last answer for ever. */
function controlPlane(rollouts: object[], proxies: object[], pods: Pod[] = []): HttpClient {
  const request = async (_method: string, path: string): Promise<unknown> =>
    path === '/weft/v1/proxies' ? { proxies } : rollouts.length > 1 ? rollouts.shift() : rollouts[0];
  return { request, list: async () => ({ items: pods, resourceVersion: '1' }) } as unknown as HttpClient;
}

const LIVE = { live: true, pending: [], refused: [] };
const PENDING = { live: false, pending: [{ proxy: 'a.default', reason: 'CDS 3 was sent' }], refused: [] };
const REFUSED = {
  live: false,
  pending: [],
  refused: [{ proxy: 'a.default', type: 'RDS', reason: 'no such cluster' }],
};

describe('waiting until a change is live', () => {
  test('ends when every sidecar runs it', async () => {
    await expect(awaitLive(controlPlane([PENDING, LIVE], [proxy('a')], [pod('a')]), '7', 5)).resolves.toBe(
      'live on every sidecar (1)',
    );
  });

  test('names who refused it, and why', async () => {
    await expect(awaitLive(controlPlane([REFUSED], []), '7', 5)).rejects.toThrow(
      /a\.default \(RDS\): no such cluster/,
    );
  });

  test('names who did not run it in time, and why', async () => {
    await expect(awaitLive(controlPlane([PENDING], []), '7', 0)).rejects.toThrow(
      /a\.default: CDS 3 was sent/,
    );
  });

  test('does not take a sidecar that is not connected for one that runs it', async () => {
    await expect(awaitLive(controlPlane([LIVE], [proxy('a')], [pod('a'), pod('b')]), '7', 0)).rejects.toThrow(
      /b\.default: is not connected/,
    );
  });
});

describe('a pod without a connected sidecar', () => {
  test.each([
    ['is missed when it runs', pod('b'), 1],
    ['is not missed when it is connected', pod('a'), 0],
    ['is not missed when it has no sidecar', pod('b', { sidecar: false }), 0],
    ['is not missed while it starts', pod('b', { phase: 'Pending' }), 0],
    ['is not missed while it ends', pod('b', { deleting: true }), 0],
  ])('%s', (_name, given, missed) => {
    expect(absentSidecars([given], [proxy('a')])).toHaveLength(missed);
  });
});
