import { describe, expect, test } from 'vitest';
import { Deployment } from '#api/kinds/deployment.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { awaitDeployment, rolloutOf } from './deployment.ts';
import { parseSeconds } from './timeout.ts';

const deployment = (status: object, replicas = 2, generation = 2): Deployment =>
  ({
    metadata: { name: 'd', generation },
    spec: { replicas, progressDeadlineSeconds: 600 },
    status,
  }) as unknown as Deployment;
const seen = (rest: object): object => ({ observedGeneration: 2, ...rest });

describe('a deployment', () => {
  test.each([
    ['that the controller has not seen', deployment({ observedGeneration: 1 }), /waiting for the controller/],
    ['without a status', deployment({}), /waiting for the controller/],
    ['with too few new pods', deployment(seen({ updatedReplicas: 1, replicas: 3 })), /1 of 2 new replicas/],
    [
      'with old pods left',
      deployment(seen({ updatedReplicas: 2, replicas: 3 })),
      /1 old replica still to end/,
    ],
    [
      'with pods that are not ready',
      deployment(seen({ updatedReplicas: 2, replicas: 2, availableReplicas: 1 })),
      /1 of 2 updated replicas are available/,
    ],
  ])('%s is not rolled out', (_name, given, message) => {
    expect(rolloutOf(given)).toMatchObject({ done: false, message: expect.stringMatching(message) });
  });

  test.each([
    ['whose pods are available', deployment(seen({ updatedReplicas: 2, replicas: 2, availableReplicas: 2 }))],
    ['that wants no pods', deployment(seen({}), 0)],
  ])('%s is rolled out', (_name, given) => {
    expect(rolloutOf(given).done).toBe(true);
  });

  test('that made no progress in time has failed', () => {
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'no' },
    ];
    expect(rolloutOf(deployment(seen({ conditions })))).toMatchObject({
      failed: expect.stringMatching(/no progress/),
    });
  });
});

describe('waiting for a deployment', () => {
  const waiting = (timeoutSeconds: number) => ({
    timeoutSeconds,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  const manifest: Deployment = Deployment.schema.parse({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c' }] } },
    },
  });
  const there = { namespace: 'default', name: 'd' };

  test('ends when its status says so', async () => {
    const client = new MemoryClient();
    const { metadata } = await client.create(Deployment, manifest);
    const done = awaitDeployment(client, there, waiting(10));
    const status = {
      observedGeneration: metadata.generation ?? 1,
      replicas: 1,
      updatedReplicas: 1,
      availableReplicas: 1,
    };
    await client.patch(Deployment, 'default', 'd', { status }, { subresource: 'status' });
    await expect(done).resolves.toBe('deployment "d" successfully rolled out');
  });

  test('says how far it came when time is up', async () => {
    const client = new MemoryClient();
    await client.create(Deployment, manifest);
    await expect(awaitDeployment(client, there, waiting(0.05))).rejects.toThrow(
      /not rolled out after 0.05 s/,
    );
  });

  test('fails at once when there is none', async () => {
    await expect(awaitDeployment(new MemoryClient(), there, waiting(10))).rejects.toThrow(
      /there is no deployment "d"/,
    );
  });
});

test.each([
  ['30', 30],
  ['30s', 30],
  ['5m', 300],
  ['1500ms', 1.5],
])('%s is %d seconds', (text, seconds) => {
  expect(parseSeconds(text)).toBe(seconds);
});

test('what is no duration is refused', () => {
  expect(() => parseSeconds('soon')).toThrow(/"soon" is not a duration/);
});
