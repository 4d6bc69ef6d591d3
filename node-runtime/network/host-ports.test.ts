import { expect, test } from 'vitest';
import { Pod } from '#api/kinds/pod.ts';
import { hostPortsOf } from './host-ports.ts';

function pod(name: string, createdAt: string, ports: object[], status: object = { podIP: '10.244.0.9' }) {
  return Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, uid: name, creationTimestamp: createdAt },
    spec: { containers: [{ name: 'app', ports }] },
    status,
  });
}

const published = { containerPort: 80, hostPort: 8080 };
const leadsTo = (podIp: string) => ({ protocol: 'tcp', port: 8080, podIp, containerPort: 80 });

test.each([
  ['a pod with an address', [pod('a', '1', [published])], [leadsTo('10.244.0.9')]],
  ['a pod without one', [pod('a', '1', [published], {})], []],
  ['a pod that has ended', [pod('a', '1', [published], { podIP: '10.244.0.9', phase: 'Failed' })], []],
  ['a port that is not published', [pod('a', '1', [{ containerPort: 80 }])], []],
  [
    'two pods with one port: the older',
    [pod('b', '2', [published], { podIP: '10.244.0.8' }), pod('a', '1', [published])],
    [leadsTo('10.244.0.9')],
  ],
])('%s', (_, pods, expected) => {
  expect(hostPortsOf(pods)).toEqual(expected);
});
