import { expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { podFactsOf } from './pod-facts.ts';

function workloadOf(metadata: object): string {
  const pod = Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p-0', namespace: 'shop', ...metadata },
    spec: { containers: [{ name: 'app' }] },
  });
  return podFactsOf(pod as Stored<Pod>, 'weft').workload;
}

const owner = (kind: string, name: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: 'u', controller: true }],
});

test.each([
  ['a bare pod', {}, 'p-0;shop;p-0;latest;weft'],
  [
    "a Deployment's pod",
    { labels: { 'pod-template-hash': '7f' }, ...owner('ReplicaSet', 'web-v1-7f') },
    'web-v1;shop;web-v1;latest;weft',
  ],
  ["a ReplicaSet's pod without a hash", owner('ReplicaSet', 'web-7f'), 'web-7f;shop;web-7f;latest;weft'],
  ["a StatefulSet's pod", owner('StatefulSet', 'db'), 'db;shop;db;latest;weft'],
  ['app and version', { labels: { app: 'web', version: 'v2' } }, 'p-0;shop;web;v2;weft'],
  [
    'the recommended labels before app and version',
    { labels: { app: 'a', 'app.kubernetes.io/name': 'b', version: '1', 'app.kubernetes.io/version': '2' } },
    'p-0;shop;b;2;weft',
  ],
  [
    'the canonical labels before all',
    {
      labels: {
        'app.kubernetes.io/name': 'b',
        'service.istio.io/canonical-name': 'c',
        'service.istio.io/canonical-revision': '3',
      },
    },
    'p-0;shop;c;3;weft',
  ],
])('%s', (_name, metadata, workload) => {
  expect(workloadOf(metadata)).toBe(workload);
});
