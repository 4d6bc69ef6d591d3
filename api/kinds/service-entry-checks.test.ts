import { describe, expect, test } from 'vitest';
import { ServiceEntry } from './service-entry.ts';
import { validate } from './validate.ts';
import { WorkloadEntry } from './workload-entry.ts';

const port = { number: 443, name: 'https', protocol: 'HTTPS' };
const entry = (spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: 'e' },
  spec: { hosts: ['api.example.com'], ports: [port], ...spec },
});
const workload = (spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: { name: 'w' },
  spec,
});

const paths = (manifest: { kind: string }): string[] => {
  const verdict =
    manifest.kind === 'ServiceEntry' ? validate(ServiceEntry, manifest) : validate(WorkloadEntry, manifest);
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path);
};

describe('accepted', () => {
  test.each([
    ['a name by DNS', entry({ resolution: 'DNS' })],
    ['a wildcard that is not resolved', entry({ hosts: ['*.example.com'] })],
    [
      'a wildcard with a name to ask for',
      entry({ hosts: ['*.example.com'], resolution: 'DNS', endpoints: [{ address: 'www.example.com' }] }),
    ],
    ['prefixes', entry({ addresses: ['192.192.192.192/24', '10.0.0.1'] })],
    [
      'addresses with ports, localities and weights',
      entry({
        resolution: 'STATIC',
        endpoints: [{ address: '10.0.0.1', ports: { https: 8443 }, locality: 'a/b/c', weight: 3 }],
      }),
    ],
    ['a selection', entry({ resolution: 'STATIC', workloadSelector: { labels: { app: 'vm' } } })],
    ['a workload', workload({ address: '10.0.0.1', labels: { app: 'vm' }, locality: 'a/b' })],
    ['a workload by name', workload({ address: 'vm.example.com' })],
  ])('%s', (_name, manifest) => expect(paths(manifest)).toEqual([]));
});

describe('refused, each mistake with its place', () => {
  test.each<[string, { kind: string }, string[]]>([
    ['a lone *', entry({ hosts: ['*'] }), ['spec.hosts[0]']],
    ['an address as host', entry({ hosts: ['10.0.0.1'] }), ['spec.hosts[0]']],
    ['a host twice', entry({ hosts: ['a.com', 'a.com'] }), ['spec.hosts[1]']],
    ['a name as address', entry({ addresses: ['a.com'] }), ['spec.addresses[0]']],
    ['a prefix that is too long', entry({ addresses: ['10.0.0.0/33'] }), ['spec.addresses[0]']],
    ['no ports', entry({ ports: [] }), ['spec.ports']],
    [
      'ports with one name and number',
      entry({ ports: [port, port] }),
      ['spec.ports[1].name', 'spec.ports[1].number'],
    ],
    [
      'a protocol nobody knows',
      entry({ ports: [{ ...port, protocol: 'GOPHER' }] }),
      ['spec.ports[0].protocol'],
    ],
    ['a wildcard to resolve', entry({ hosts: ['*.example.com'], resolution: 'DNS' }), ['spec.hosts[0]']],
    ['nothing to connect to', entry({ resolution: 'STATIC' }), ['spec.endpoints']],
    [
      'a name where an address must be',
      entry({ resolution: 'STATIC', endpoints: [{ address: 'a.com' }] }),
      ['spec.endpoints[0].address'],
    ],
    ['endpoints of NONE', entry({ endpoints: [{ address: '10.0.0.1' }] }), ['spec.endpoints']],
    [
      'another port with NONE',
      entry({ ports: [{ ...port, targetPort: 8443 }] }),
      ['spec.ports[0].targetPort'],
    ],
    [
      'two names in turn',
      entry({ resolution: 'DNS_ROUND_ROBIN', endpoints: [{ address: 'a.com' }, { address: 'b.com' }] }),
      ['spec.endpoints'],
    ],
    [
      'endpoints and a selector',
      entry({
        resolution: 'STATIC',
        endpoints: [{ address: '10.0.0.1' }],
        workloadSelector: { labels: { app: 'vm' } },
      }),
      ['spec.workloadSelector'],
    ],
    [
      'a selector of everything',
      entry({ resolution: 'STATIC', workloadSelector: {} }),
      ['spec.workloadSelector.labels'],
    ],
    [
      'a port that is not there',
      entry({ resolution: 'STATIC', endpoints: [{ address: '10.0.0.1', ports: { http: 80 } }] }),
      ['spec.endpoints[0].ports[http]'],
    ],
    [
      'an endpoint without an address',
      entry({ resolution: 'STATIC', endpoints: [{}] }),
      ['spec.endpoints[0].address'],
    ],
    [
      'a Unix socket',
      entry({ resolution: 'DNS', endpoints: [{ address: 'unix:///run/a.sock' }] }),
      ['spec.endpoints[0].address'],
    ],
    ['a workload without an address', workload({}), ['spec.address']],
    ['a workload nowhere', workload({ address: '10.0.0.256' }), ['spec.address']],
    ['a locality with a gap', workload({ address: '10.0.0.1', locality: 'a//c' }), ['spec.locality']],
    ['a weight of 0', workload({ address: '10.0.0.1', weight: 0 }), ['spec.weight']],
    [
      'a weight that cannot travel',
      workload({ address: '10.0.0.1', weight: 4_294_967_295 }),
      ['spec.weight'],
    ],
    ['an endpoint on loopback', workload({ address: '127.0.0.1' }), ['spec.address']],
    ['an endpoint that is link-local', workload({ address: '169.254.169.254' }), ['spec.address']],
    ['the address of every listener', entry({ addresses: ['0.0.0.0/32'] }), ['spec.addresses[0]']],
    ['a loopback address', entry({ addresses: ['127.0.0.9'] }), ['spec.addresses[0]']],
    ['an empty name of a server', entry({ subjectAltNames: [''] }), ['spec.subjectAltNames[0]']],
    ['a network, which weft has one of', workload({ address: '10.0.0.1', network: 'n' }), ['spec.network']],
  ])('%s', (_name, manifest, expected) => expect(paths(manifest)).toEqual(expected));
});
