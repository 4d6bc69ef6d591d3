import { expect, test } from 'vitest';
import { Sidecar } from './sidecar.ts';
import { validate } from './validate.ts';

const hosts = ['./*'];
const port = (number: number) => ({ number, protocol: 'HTTP', name: `http-${number}` });

function mistakes(spec: object): string[] {
  const verdict = validate(Sidecar, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: 'default', namespace: 'default' },
    spec,
  });
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path);
}

test.each([
  ['hosts', { egress: [{ hosts: ['./*', 'ns/web.ns.svc.cluster.local', '*/*.example.com', '~/*'] }] }],
  ['listeners of ports and one for the rest', { egress: [{ port: port(80), hosts }, { hosts }] }],
  ['a policy alone', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }],
])('accepts %s', (_name, spec) => {
  expect(mistakes(spec)).toEqual([]);
});

test.each<[string, object, string[]]>([
  ['nothing', {}, ['spec']],
  ['a host without a namespace', { egress: [{ hosts: ['web'] }] }, ['spec.egress[0].hosts[0]']],
  ['a namespace that is none', { egress: [{ hosts: ['A b/*'] }] }, ['spec.egress[0].hosts[0]']],
  ['a host that is none', { egress: [{ hosts: ['./a..b'] }] }, ['spec.egress[0].hosts[0]']],
  [
    'a port twice',
    {
      egress: [
        { port: port(80), hosts },
        { port: port(80), hosts },
      ],
    },
    ['spec.egress[1].port.number'],
  ],
  ['the rest before others', { egress: [{ hosts }, { port: port(80), hosts }] }, ['spec.egress[0].port']],
  [
    'an egress proxy, which is not supported',
    { outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy: { host: 'a.b.c', port: { number: 1 } } } },
    ['spec.outboundTrafficPolicy.egressProxy'],
  ],
])('refuses %s', (_name, spec, paths) => {
  expect(mistakes(spec)).toEqual(paths);
});
