import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { RequestView } from '#sidecar/routing/request-view.ts';
import type { PickContext } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { Configuration } from './configuration.ts';
import { LEAVE_MS } from './live-clusters.ts';
import type { Lookup } from './lookup.ts';
import type { Resource } from './resource.ts';
import type { FilterChains, ListenerTarget } from './snapshot.ts';
import {
  allTo,
  assignment,
  cluster,
  httpListener,
  listener,
  originalDestination,
  overRds,
  routes,
  socketAddress,
  tcpProxy,
  VIRTUAL_OUTBOUND_LISTENER,
} from './test-resources.ts';

const REQUEST: RequestView = {
  method: 'GET',
  path: '/',
  rooted: true,
  authority: 'a',
  scheme: 'http',
  header: () => undefined,
};
const NOWHERE = { address: '10.9.9.9', port: 9 };
const from = (...excluded: Endpoint[]): PickContext => ({ excluded, original: NOWHERE, hash: undefined });

class Subject extends Configuration {
  readonly clock: ManualClock;

  constructor(clock = new ManualClock()) {
    super(clock, seededRandom(1), {
      readFile: () => {
        throw new Error('there are no files');
      },
      resolver: { resolve: () => Promise.reject(new Error('there are no names')) },
      changed() {},
    });
    this.clock = clock;
  }

  take(type: ResourceType, ...resources: Resource[]): string[] {
    return this.apply({ type, resources, removed: [] });
  }

  drop(type: ResourceType, ...removed: string[]): void {
    this.apply({ type, resources: [], removed });
  }

  /** Where a request to port 80 goes: an endpoint, or the status of a refusal. */
  whereTo(): string | number {
    const target = plainOf(this.snapshot.outbound('10.1.1.1', 80));
    if (typeof target === 'string') return target;
    const table = target.routes();
    if (table.state !== 'found') return table.state;
    const decision = table.value.select(REQUEST);
    if (decision.kind !== 'forward') return decision.status;
    return decision.cluster.pick(from())?.key ?? 'no endpoint';
  }
}

/** What happens to connections without TLS, or why nothing does. */
function plainOf(chains: Lookup<FilterChains>): ListenerTarget | string {
  return chains.state === 'found' ? (chains.value.plain ?? 'no plain chain') : chains.state;
}

function configured(): Subject {
  const subject = new Subject();
  subject.take(CLUSTER_TYPE, cluster('a'));
  subject.take(ENDPOINT_TYPE, assignment('a', ['10.0.0.1:80']));
  subject.take(LISTENER_TYPE, httpListener(80));
  subject.take(ROUTE_TYPE, routes('80', [allTo('a')]));
  return subject;
}

describe('the first configuration', () => {
  test('is complete when everything that is named has come, and empty before', () => {
    const subject = new Subject();
    const steps: [ResourceType, Resource][] = [
      [CLUSTER_TYPE, cluster('a')],
      [LISTENER_TYPE, httpListener(80)],
      [ROUTE_TYPE, routes('80', [allTo('a')])],
      [ENDPOINT_TYPE, assignment('a', ['10.0.0.1:80'])],
    ];
    for (const [type, resource] of steps) {
      expect(subject.complete).toBe(false);
      expect(subject.whereTo()).toBe('absent');
      subject.take(type, resource);
    }
    expect(subject.complete).toBe(true);
    expect(subject.whereTo()).toBe('10.0.0.1:80');
  });

  test('counts what never comes as absent when the waiting ends', () => {
    const subject = new Subject();
    subject.take(CLUSTER_TYPE, cluster('a'), cluster('b'));
    subject.take(LISTENER_TYPE, httpListener(80), httpListener(81));
    subject.take(ENDPOINT_TYPE, assignment('b', []));
    subject.take(ROUTE_TYPE, routes('80', [allTo('a')]));
    expect(subject.awaited().sort()).toEqual(['81', 'a']);
    subject.stopWaiting();
    expect(subject.complete).toBe(true);
    expect(subject.whereTo()).toBe('no endpoint');
  });

  test('does not wait for a resource that was refused', () => {
    const subject = new Subject();
    subject.take(CLUSTER_TYPE, originalDestination('PassthroughCluster'));
    subject.take(LISTENER_TYPE, VIRTUAL_OUTBOUND_LISTENER, httpListener(80));
    const reasons = subject.take(ROUTE_TYPE, routes('80', [{ name: 'none', domains: [] }]));
    expect(reasons).toEqual(['80: virtual_hosts[0].domains: must name at least one domain']);
    expect(subject.complete).toBe(true);
    expect(subject.whereTo()).toBe('absent');
  });
});

describe('names to subscribe to', () => {
  test('follow the clusters and listeners that are there', () => {
    const subject = configured();
    subject.take(
      CLUSTER_TYPE,
      cluster('b', { eds_cluster_config: { eds_config: { ads: {} }, service_name: 'x' } }),
    );
    expect([...subject.interest(ENDPOINT_TYPE)]).toEqual(['a', 'x']);
    subject.drop(CLUSTER_TYPE, 'a');
    expect([...subject.interest(ENDPOINT_TYPE)]).toEqual(['x']);
    subject.drop(LISTENER_TYPE, '0.0.0.0_80');
    expect([...subject.interest(ROUTE_TYPE)]).toEqual([]);
  });
});

describe('make before break', () => {
  test('routes to a new cluster take over when its endpoints have come', () => {
    const subject = configured();
    subject.take(CLUSTER_TYPE, cluster('b'));
    subject.take(ROUTE_TYPE, routes('80', [allTo('b')], '2'));
    expect(subject.whereTo()).toBe('10.0.0.1:80');
    subject.take(ENDPOINT_TYPE, assignment('b', ['10.0.0.2:80']));
    expect(subject.whereTo()).toBe('10.0.0.2:80');
  });

  test('routes to a cluster that does not exist take over at once', () => {
    const subject = configured();
    subject.take(ROUTE_TYPE, routes('80', [allTo('nowhere')], '2'));
    expect(subject.whereTo()).toBe(503);
    subject.take(CLUSTER_TYPE, cluster('nowhere'));
    subject.take(ENDPOINT_TYPE, assignment('nowhere', ['10.0.0.3:80']));
    expect(subject.whereTo()).toBe('10.0.0.3:80');
  });

  test('a listener that changes its routes serves the old ones until the new ones have come', () => {
    const subject = configured();
    const address = socketAddress('0.0.0.0', 80);
    const changed = { address, bind_to_port: false, filter_chains: [{ filters: [overRds('other')] }] };
    subject.take(LISTENER_TYPE, listener('0.0.0.0_80', changed, '2'));
    expect(subject.whereTo()).toBe('10.0.0.1:80');
    expect([...subject.interest(ROUTE_TYPE)].sort()).toEqual(['80', 'other']);
    subject.take(ROUTE_TYPE, routes('other', [allTo('gone')]));
    expect(subject.whereTo()).toBe(503);
    expect([...subject.interest(ROUTE_TYPE)]).toEqual(['other']);
  });

  test('a cluster that changes keeps its endpoints and what is known of them', () => {
    const subject = configured();
    const before = subject.clusters.get('a')?.pick(from());
    subject.take(CLUSTER_TYPE, cluster('a', { lb_policy: 'RANDOM', connect_timeout: '1s' }, '2'));
    const after = subject.clusters.get('a');
    expect(after?.connectTimeoutMs).toBe(1000);
    expect(after?.pick(from())).toBe(before);
  });

  test('a cluster that asks for other endpoints serves the old ones until they have come', () => {
    const subject = configured();
    const other = { eds_cluster_config: { eds_config: { ads: {} }, service_name: 'other' } };
    subject.take(CLUSTER_TYPE, cluster('a', other, '2'));
    expect(subject.whereTo()).toBe('10.0.0.1:80');
    subject.take(ENDPOINT_TYPE, assignment('other', ['10.0.0.7:80']));
    expect(subject.whereTo()).toBe('10.0.0.7:80');
  });

  test('two clusters share one assignment', () => {
    const subject = configured();
    subject.take(
      CLUSTER_TYPE,
      cluster('b', { eds_cluster_config: { eds_config: { ads: {} }, service_name: 'a' } }),
    );
    expect(subject.clusters.get('b')?.pick(from())?.key).toBe('10.0.0.1:80');
  });
});

describe('endpoints', () => {
  test('that stay are the same objects, those that go are marked', () => {
    const subject = configured();
    const kept = subject.clusters.get('a')!.pick(from())!;
    subject.take(ENDPOINT_TYPE, assignment('a', ['10.0.0.1:80', '10.0.0.2:80'], '2'));
    const both = [0, 1].map(() => subject.clusters.get('a')!.pick(from())!);
    expect(new Set(both.map(({ key }) => key))).toEqual(new Set(['10.0.0.1:80', '10.0.0.2:80']));
    expect(both).toContain(kept);
    subject.take(ENDPOINT_TYPE, assignment('a', ['10.0.0.2:80'], '3'));
    expect(kept.removed).toBe(true);
    expect(subject.whereTo()).toBe('10.0.0.2:80');
  });

  test('of a removed cluster serve while routes name it, and are marked then', () => {
    const subject = configured();
    const target = subject.clusters.get('a')!;
    const endpoint = target.pick(from())!;
    subject.drop(CLUSTER_TYPE, 'a');
    expect([target.removed, endpoint.removed]).toEqual([false, false]);
    expect(subject.whereTo()).toBe('10.0.0.1:80');
    expect([...subject.interest(ENDPOINT_TYPE)]).toEqual([]);
    subject.take(ROUTE_TYPE, routes('80', [allTo('b')], '2'));
    expect(subject.whereTo()).toBe(503);
    subject.clock.advance(LEAVE_MS - 1);
    expect([target.removed, endpoint.removed]).toEqual([false, false]);
    subject.clock.advance(1);
    expect([target.removed, endpoint.removed]).toEqual([true, true]);
  });

  test('of a removed cluster serve while a listener names it', () => {
    const subject = configured();
    const filters = [tcpProxy('b')];
    const fields = {
      address: socketAddress('0.0.0.0', 81),
      bind_to_port: false,
      filter_chains: [{ filters }],
    };
    subject.take(CLUSTER_TYPE, cluster('b', { type: 'STATIC' }));
    subject.take(LISTENER_TYPE, listener('0.0.0.0_81', fields));
    subject.drop(CLUSTER_TYPE, 'b');
    expect(subject.clusters.get('b')).toBeDefined();
    subject.clock.advance(LEAVE_MS);
    expect(subject.clusters.get('b')).toBeDefined();
    subject.drop(LISTENER_TYPE, '0.0.0.0_81');
    subject.clock.advance(LEAVE_MS);
    expect(subject.clusters.get('b')).toBeUndefined();
  });

  test('of a removed cluster that comes back serve until its new ones have come', () => {
    const subject = configured();
    subject.drop(CLUSTER_TYPE, 'a');
    subject.take(CLUSTER_TYPE, cluster('a', {}, '2'));
    expect(subject.whereTo()).toBe('10.0.0.1:80');
    expect(subject.awaited()).toEqual(['a']);
    subject.take(ENDPOINT_TYPE, assignment('a', ['10.0.0.2:80'], '2'));
    subject.clock.advance(LEAVE_MS);
    expect(subject.whereTo()).toBe('10.0.0.2:80');
  });

  test('are kept when their removal is announced: the cluster decides', () => {
    const subject = configured();
    subject.drop(ENDPOINT_TYPE, 'a');
    expect(subject.whereTo()).toBe('10.0.0.1:80');
  });

  test('that are tried already are given again only when there is no other', () => {
    const subject = configured();
    subject.take(ENDPOINT_TYPE, assignment('a', ['10.0.0.1:80', '10.0.0.2:80'], '2'));
    const target = subject.clusters.get('a')!;
    const first = target.pick(from())!;
    const second = target.pick(from(first))!;
    expect(second).not.toBe(first);
    expect([first, second]).toContain(target.pick(from(first, second)));
  });
});

describe('a resource that cannot be run', () => {
  test('leaves the last good one in place, also when it is sent again', () => {
    const subject = configured();
    const bad = routes('80', [{ ...allTo('a'), cors: {} }], '2');
    expect(subject.take(ROUTE_TYPE, bad)).toEqual(['80: virtual_hosts[0].cors: not supported']);
    expect(subject.whereTo()).toBe('10.0.0.1:80');
    expect(subject.ledger.running(ROUTE_TYPE).get('80')?.version).toBe('1');
    expect(subject.take(ROUTE_TYPE, bad)).toHaveLength(1);
    expect(subject.take(ROUTE_TYPE, routes('80', [allTo('a')], '1'))).toEqual([]);
    expect(subject.ledger.refused(ROUTE_TYPE).size).toBe(0);
  });

  test('does not keep the others of the same response from being applied', () => {
    const subject = configured();
    const reasons = subject.take(
      CLUSTER_TYPE,
      cluster('bad', { lb_policy: 'LOAD_BALANCING_POLICY_CONFIG', health_checks: [], lrs_server: {} }),
      cluster('good'),
    );
    expect(reasons).toEqual([
      'bad: lrs_server: not supported',
      'bad: lb_policy: LOAD_BALANCING_POLICY_CONFIG is not supported',
    ]);
    expect([...subject.interest(ENDPOINT_TYPE)]).toEqual(['a', 'good']);
  });

  test('is a listener whose address another one has, until that one is gone', () => {
    const subject = configured();
    const bound = (name: string, address: string) =>
      listener(name, {
        address: socketAddress(address, 8443),
        filter_chains: [{ filters: [tcpProxy('a')] }],
      });
    expect(subject.take(LISTENER_TYPE, bound('one', '0.0.0.0'))).toEqual([]);
    expect(subject.take(LISTENER_TYPE, bound('two', '10.0.0.1'))).toEqual([
      'two: address: 10.0.0.1:8443 is taken by listener one',
    ]);
    expect(subject.snapshot.bound.map(({ name }) => name)).toEqual(['one']);
    const change = { type: LISTENER_TYPE, resources: [bound('two', '10.0.0.1')], removed: ['one'] } as const;
    expect(subject.apply(change)).toEqual([]);
    expect(subject.snapshot.bound.map(({ name }) => name)).toEqual(['two']);
  });

  test('is named when it stands twice or is not what it says', () => {
    const subject = configured();
    expect(subject.take(CLUSTER_TYPE, cluster('b'), cluster('b'))).toEqual([
      'b: stands twice in one response',
    ]);
    expect(subject.take(CLUSTER_TYPE, { ...cluster('b'), name: 'c' })).toEqual([
      'c: the resource is named "c", its message "b"',
    ]);
    expect(subject.take(CLUSTER_TYPE, { name: 'd', version: '1', bytes: Buffer.from('hello') })[0]).toMatch(
      /^d: cannot be decoded/,
    );
  });
});

describe('the snapshot', () => {
  test('prefers the exact address, then the port, then the virtual listener', () => {
    const subject = configured();
    const address = socketAddress('10.96.0.5', 80);
    subject.take(
      LISTENER_TYPE,
      VIRTUAL_OUTBOUND_LISTENER,
      listener('10.96.0.5_80', {
        address,
        bind_to_port: false,
        filter_chains: [{ filters: [tcpProxy('a')] }],
      }),
    );
    const names = [
      ['10.96.0.5', 80],
      ['10.96.0.6', 80],
      ['10.96.0.6', 81],
    ].map(([to, port]) => {
      const target = plainOf(subject.snapshot.outbound(String(to), Number(port)));
      return typeof target === 'string' ? target : target.name;
    });
    expect(names).toEqual(['10.96.0.5_80', '0.0.0.0_80', 'virtualOutbound']);
  });

  test('that was taken before a change stays as it was', () => {
    const subject = configured();
    const before = subject.snapshot;
    subject.drop(LISTENER_TYPE, '0.0.0.0_80');
    expect(before.outbound('10.1.1.1', 80).state).toBe('found');
    expect(subject.snapshot.outbound('10.1.1.1', 80).state).toBe('absent');
  });

  test('keeps the last routes for connections that outlive their listener', () => {
    const subject = configured();
    const target = plainOf(subject.snapshot.outbound('10.1.1.1', 80));
    if (typeof target === 'string') throw new Error(target);
    target.routes();
    subject.drop(LISTENER_TYPE, '0.0.0.0_80');
    expect(target.routes().state).toBe('found');
  });

  test('detects where HTTP and opaque chains stand side by side, inbound by port', () => {
    const subject = configured();
    const inline = { route_config: { name: 'in', virtual_hosts: [allTo('inbound|9080||')] } };
    const chain = (match: object, filter: object) => ({ filter_chain_match: match, filters: [filter] });
    const http = { ...overRds('80') } as { typed_config: Record<string, unknown> };
    const { rds: _rds, ...rest } = http.typed_config;
    const inlineHttp = { ...http, typed_config: { ...rest, ...inline } };
    subject.take(
      LISTENER_TYPE,
      listener('virtualInbound', {
        address: socketAddress('0.0.0.0', 15006),
        traffic_direction: 'INBOUND',
        filter_chains: [
          chain({ destination_port: 9080, application_protocols: ['http/1.1'] }, inlineHttp),
          chain({ destination_port: 9080 }, tcpProxy('inbound|9080||')),
          chain({ destination_port: 9090 }, tcpProxy('inbound|9090||')),
        ],
        default_filter_chain: { filters: [tcpProxy('InboundPassthroughCluster')] },
      } as never),
    );
    const protocols = [9080, 9090, 1].map((port) => {
      const target = plainOf(subject.snapshot.inbound('10.0.0.9', port));
      return typeof target === 'string' ? target : `${target.name} ${target.protocol}`;
    });
    expect(protocols).toEqual([
      'virtualInbound:9080 detect',
      'virtualInbound:9090 tcp',
      'virtualInbound tcp',
    ]);
  });
});
