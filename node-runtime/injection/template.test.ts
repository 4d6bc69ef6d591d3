import { expect, test } from 'vitest';
import { Pod } from '#api/kinds/pod.ts';
import { membersOf } from '../pod/members.ts';
import { proxyLimits } from './sidecar-limits.ts';
import { checkTemplate, TEMPLATES_ANNOTATION } from './template.ts';

function pod(template: string, containers: object[]) {
  return Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'gateway', annotations: { [TEMPLATES_ANNOTATION]: template } },
    spec: { containers },
  });
}

const PROXY = { name: 'istio-proxy', image: 'auto' };

test.each([
  ['a template that is not known', 'grpc-agent', [PROXY], 'grpc-agent'],
  ['a gateway without its container', 'gateway', [{ name: 'app' }], 'istio-proxy'],
  ['a command of its own', 'gateway', [{ ...PROXY, command: ['sh'] }], 'command'],
])('%s is refused', (_, template, containers, named) => {
  expect(() => checkTemplate(pod(template, containers))).toThrowError(named);
});

test('a gateway is its proxy, with the limits that its container has', () => {
  const gateway = pod('gateway', [{ ...PROXY, resources: { limits: { memory: '128Mi' } } }]);
  expect(() => checkTemplate(gateway)).not.toThrow();
  expect(membersOf({ pod: gateway, injected: true })).toEqual([
    { name: 'istio-proxy', role: 'app', restart: 'Always', container: undefined },
  ]);
  expect(proxyLimits(gateway)).toMatchObject({ memoryBytes: 128 * 2 ** 20, cpus: 2 });
});
