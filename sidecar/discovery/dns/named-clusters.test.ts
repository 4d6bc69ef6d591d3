import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { CLUSTER_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { Configuration } from '../configuration.ts';
import type { Resource } from '../resource.ts';
import { allTo, cluster, httpListener, routes } from '../test-resources.ts';
import type { ResolvedAddress } from './resolver.ts';

type Answer = (addresses: readonly string[]) => Promise<void>;

/** A configuration whose names are answered by hand. */
function world() {
  const clock = new ManualClock();
  const questions = new Map<string, Answer>();
  let changes = 0;
  const resolve = (name: string): Promise<readonly ResolvedAddress[]> =>
    new Promise((settle) => {
      questions.set(name, async (addresses) => {
        settle(addresses.map((address) => ({ address, ttlMs: 60_000 })));
        for (let i = 0; i < 10; i++) await Promise.resolve();
      });
    });
  const configuration = new Configuration(clock, seededRandom(1), {
    readFile: () => '',
    resolver: { resolve },
    changed: () => {
      changes += 1;
    },
  });
  const take = (type: Parameters<Configuration['apply']>[0]['type'], ...resources: Resource[]): void =>
    expect(configuration.apply({ type, resources, removed: [] })).toEqual([]);
  const endpoints = (name: string): string[] | undefined => {
    const found = [...configuration.clusters.all].find((each) => each.name === name);
    return found?.endpoints.map(({ key }) => key);
  };
  return { clock, configuration, questions, take, endpoints, changes: () => changes };
}

function named(name: string, host: string, version = '1', fields = {}): Resource {
  const address = { socket_address: { address: host, port_value: 443 } };
  const dns = {
    type: 'STRICT_DNS',
    eds_cluster_config: null,
    dns_lookup_family: 'V4_ONLY',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
  return cluster(name, { ...dns, ...fields }, version);
}

describe('a cluster that is found by name', () => {
  test('holds the first configuration up until it is resolved', async () => {
    const w = world();
    w.take(CLUSTER_TYPE, named('ext', 'a.test'));
    w.take(LISTENER_TYPE, httpListener(80));
    w.take(ROUTE_TYPE, routes('80', [allTo('ext')]));
    expect(w.configuration.complete).toBe(false);
    await w.questions.get('a.test')!(['10.0.0.1', '10.0.0.2']);
    expect([w.configuration.complete, w.changes()]).toEqual([true, 1]);
    expect(w.endpoints('ext')).toEqual(['10.0.0.1:443', '10.0.0.2:443']);
  });

  test('serves with its last endpoints until its new name is resolved, or has had its time', async () => {
    const w = world();
    w.take(CLUSTER_TYPE, named('ext', 'a.test'));
    await w.questions.get('a.test')!(['10.0.0.1']);
    w.take(CLUSTER_TYPE, named('ext', 'b.test', '2'));
    expect(w.endpoints('ext')).toEqual(['10.0.0.1:443']);
    await w.questions.get('b.test')!(['10.0.0.9']);
    expect(w.endpoints('ext')).toEqual(['10.0.0.9:443']);
    w.take(CLUSTER_TYPE, named('ext', 'c.test', '3'));
    w.clock.advance(5_000);
    expect(w.endpoints('ext')).toEqual([]);
  });

  test('keeps its names and endpoints when only its policy changes', async () => {
    const w = world();
    w.take(CLUSTER_TYPE, named('ext', 'a.test'));
    await w.questions.get('a.test')!(['10.0.0.1']);
    const [before] = [...w.configuration.clusters.all].flatMap(({ endpoints }) => endpoints);
    w.questions.clear();
    w.take(CLUSTER_TYPE, named('ext', 'a.test', '2', { lb_policy: 'RANDOM' }));
    const [after] = [...w.configuration.clusters.all].flatMap(({ endpoints }) => endpoints);
    expect(after).toBe(before);
    expect(w.questions.size).toBe(0);
  });

  test('gets other endpoints, and drops connections of the old, when how they are secured changes', async () => {
    const w = world();
    w.take(CLUSTER_TYPE, named('ext', 'a.test'));
    await w.questions.get('a.test')!(['10.0.0.1']);
    const [before] = [...w.configuration.clusters.all].flatMap(({ endpoints }) => endpoints);
    const transport = {
      name: 'tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
        sni: 'a.test',
      },
    };
    w.take(CLUSTER_TYPE, named('ext', 'a.test', '2', { transport_socket: transport }));
    expect(before?.removed).toBe(true);
    expect(w.endpoints('ext')).toEqual(['10.0.0.1:443']);
  });
});
