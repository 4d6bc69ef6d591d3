import { describe, expect, test } from 'vitest';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { feel, lostConditions, podConditions } from './heartbeat.ts';

const node = (lastHeartbeatTime: string | undefined, status: Condition['status'] = 'True'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1' },
  status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime }] },
});

test.each([
  { name: 'a first look counts as a beat', previous: undefined, beat: 'a', seenAtMs: 500 },
  {
    name: 'the same beat is an old one',
    previous: { heartbeat: 'a', seenAtMs: 100 },
    beat: 'a',
    seenAtMs: 100,
  },
  {
    name: 'another beat is a new one',
    previous: { heartbeat: 'a', seenAtMs: 100 },
    beat: 'b',
    seenAtMs: 500,
  },
  {
    name: 'no beat at all does not count as new',
    previous: { heartbeat: undefined, seenAtMs: 100 },
    beat: undefined,
    seenAtMs: 100,
  },
])('$name', ({ previous, beat, seenAtMs }) => {
  expect(feel(previous, node(beat), 500).seenAtMs).toBe(seenAtMs);
});

test('a silent node is declared unknown once', () => {
  const [condition] = lostConditions(node('a'), 0) ?? [];
  expect(condition).toMatchObject({
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    lastHeartbeatTime: 'a',
  });
  expect(lostConditions(node('a', 'Unknown'), 0)).toBeUndefined();
});

describe('a pod', () => {
  type Shape = { ready: string; containers?: boolean; phase?: 'Running' | 'Failed'; going?: boolean };
  const pod = ({ ready, containers = true, phase = 'Running', going = false }: Shape): Stored<Pod> => {
    const [status, reason] = ready.split(' ') as [Condition['status'], string | undefined];
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'p',
        uid: 'p',
        resourceVersion: '1',
        creationTimestamp: '',
        ...(going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: { nodeName: 'n1' } as Pod['spec'],
      status: {
        phase,
        conditions: [
          { type: 'ContainersReady', status: containers ? 'True' : 'False' },
          { type: 'Ready', status, reason },
        ],
      },
    };
  };
  test.each<{ name: string; pod: Shape; lost: boolean; is: string | undefined }>([
    { name: 'of a lost node is not ready', pod: { ready: 'True' }, lost: true, is: 'False NodeNotReady' },
    {
      name: 'that was not ready stays as it is',
      pod: { ready: 'False ContainersNotReady' },
      lost: true,
      is: undefined,
    },
    { name: 'that ended stays as it is', pod: { ready: 'True', phase: 'Failed' }, lost: true, is: undefined },
    {
      name: 'of a node that is back is ready again',
      pod: { ready: 'False NodeNotReady' },
      lost: false,
      is: 'True undefined',
    },
    {
      name: 'whose containers fell ill meanwhile is not',
      pod: { ready: 'False NodeNotReady', containers: false },
      lost: false,
      is: undefined,
    },
    {
      name: 'that goes is not',
      pod: { ready: 'False NodeNotReady', going: true },
      lost: false,
      is: undefined,
    },
    {
      name: 'that is not ready for reasons of its own is not',
      pod: { ready: 'False ContainersNotReady' },
      lost: false,
      is: undefined,
    },
    { name: 'of a healthy node stays as it is', pod: { ready: 'True' }, lost: false, is: undefined },
  ])('$name', ({ pod: shape, lost, is }) => {
    const ready = podConditions(pod(shape), lost, 0)?.find((condition) => condition.type === 'Ready');
    expect(ready && `${ready.status} ${ready.reason}`).toBe(is);
  });
});
