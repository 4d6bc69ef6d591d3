import { beforeEach, describe, expect, test } from 'vitest';
import {
  CLUSTER_TYPE as CDS,
  ENDPOINT_TYPE as EDS,
  LISTENER_TYPE as LDS,
  ROUTE_TYPE as RDS,
  type ResourceType,
  SHORT_NAMES,
} from '#api/xds/resource-types.ts';
import { advance } from './advance.ts';
import { DELTA, type DeltaRequest, RESPONSE_BYTES, receiveDelta } from './delta-session.ts';
import { markDirty, newSession, type Push, type SessionState } from './session-state.ts';
import { ToyView } from './testing/toy-view.ts';

let view: ToyView;
let state: SessionState;
let generation: number;

beforeEach(() => {
  view = new ToyView();
  state = newSession();
  generation = 1;
});

/** `CDS 1: a b -c`: type, nonce, resources, and names that are not there. */
function told(pushes: readonly Push[]): string[] {
  return pushes.map(({ type, nonce, resources, removed }) =>
    [
      `${SHORT_NAMES[type]} ${nonce}:`,
      ...resources.map(({ name }) => name),
      ...removed.map((name) => `-${name}`),
    ].join(' '),
  );
}

function request(type: ResourceType, more: Partial<DeltaRequest> = {}): string[] {
  const empty = {
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map<string, string>(),
    nonce: '',
    error: undefined,
  };
  return told(receiveDelta(state, { type, ...empty, ...more }, view, generation));
}

function subscribe(type: ResourceType, ...names: string[]): string[] {
  return request(type, { subscribe: names });
}

function ack(type: ResourceType, nonce: number | string): string[] {
  return request(type, { nonce: String(nonce) });
}

/** The world changes in one batch. */
function change(...changes: [ResourceType, string, string | undefined][]): string[] {
  generation += 1;
  for (const [type, name, content] of changes) view.set(type, name, content);
  for (const [type, name] of changes) markDirty(state.types[type], [name], generation);
  return told(advance(state, view, generation, DELTA));
}

describe('subscriptions', () => {
  test('a first request without names is a wildcard for clusters and listeners', () => {
    view.set(CDS, 'a', '1');
    view.set(LDS, 'l', '1');
    expect(request(CDS)).toEqual(['CDS 1: a']);
    expect(ack(CDS, 1)).toEqual([]);
    expect(request(LDS)).toEqual(['LDS 2: l']);
  });

  test('a wildcard over nothing is answered, so that the client knows', () => {
    expect(request(CDS)).toEqual(['CDS 1:']);
  });

  test('a first request without names subscribes to nothing for routes and endpoints', () => {
    view.set(RDS, 'r', '1');
    view.set(EDS, 'e', '1');
    expect([...request(RDS), ...request(EDS)]).toEqual([]);
  });

  test('names get what they name', () => {
    view.set(EDS, 'a', '1');
    view.set(EDS, 'b', '1');
    expect(subscribe(EDS, 'b')).toEqual(['EDS 1: b']);
  });

  test('a name that does not exist is said to be absent at once, and comes when it appears', () => {
    expect(subscribe(EDS, 'a')).toEqual(['EDS 1: -a']);
    ack(EDS, 1);
    expect(change([EDS, 'a', '1'])).toEqual(['EDS 2: a']);
  });

  test('a name that is subscribed again is answered, though the client has it', () => {
    view.set(EDS, 'a', '1');
    subscribe(EDS, 'a');
    ack(EDS, 1);
    expect(subscribe(EDS, 'a')).toEqual(['EDS 2: a']);
  });

  test('a name that was unsubscribed is no longer told', () => {
    view.set(EDS, 'a', '1');
    subscribe(EDS, 'a');
    expect(request(EDS, { nonce: '1', unsubscribe: ['a'] })).toEqual([]);
    expect(change([EDS, 'a', '2'])).toEqual([]);
  });

  test('a name unsubscribed under a wildcard is answered with what it is', () => {
    view.set(CDS, 'a', '1');
    request(CDS);
    expect(request(CDS, { nonce: '1', unsubscribe: ['a', 'gone'] })).toEqual(['CDS 2: a -gone']);
  });

  test('an explicit wildcard can be added and given up', () => {
    view.set(CDS, 'a', '1');
    view.set(CDS, 'b', '1');
    expect(subscribe(CDS, 'a')).toEqual(['CDS 1: a']);
    expect(request(CDS, { nonce: '1', subscribe: ['*'] })).toEqual(['CDS 2: b']);
    expect(request(CDS, { nonce: '2', unsubscribe: ['*'] })).toEqual([]);
    expect(change([CDS, 'b', '2'])).toEqual([]);
    expect(change([CDS, 'a', '2'])).toEqual(['CDS 3: a']);
  });

  test('an empty request after names were given changes nothing', () => {
    view.set(CDS, 'a', '1');
    view.set(CDS, 'b', '1');
    subscribe(CDS, 'a');
    expect(ack(CDS, 1)).toEqual([]);
    expect(state.types[CDS].wildcard).toBe(false);
  });

  test('a client that returns is sent what differs, and told what is gone', () => {
    view.set(CDS, 'same', '1');
    view.set(CDS, 'new', '1');
    view.set(CDS, 'other', '2');
    const initialVersions = new Map([
      ['same', view.get(CDS, 'same')!.version],
      ['other', 'old'],
      ['gone', 'old'],
    ]);
    expect(request(CDS, { initialVersions, subscribe: ['*'] })).toEqual(['CDS 1: new other']);
    expect(ack(CDS, 1)).toEqual(['CDS 2: -gone']);
  });

  test('a client that returns and has everything is sent nothing again', () => {
    view.set(EDS, 'a', '1');
    const initialVersions = new Map([['a', view.get(EDS, 'a')!.version]]);
    expect(request(EDS, { initialVersions, subscribe: ['a'] })).toEqual([]);
  });
});

describe('acknowledgements', () => {
  beforeEach(() => {
    view.set(CDS, 'a', '1');
    request(CDS);
  });

  test('an ACK is not answered', () => {
    expect(ack(CDS, 1)).toEqual([]);
  });

  test('a NACK is not answered, and the same is never sent again', () => {
    expect(request(CDS, { nonce: '1', error: 'no' })).toEqual([]);
    expect(change([CDS, 'a', '1'])).toEqual([]);
    const resource = view.get(CDS, 'a');
    expect([...state.types[CDS].refused]).toEqual([['a', { reason: 'no', generation: 1, resource }]]);
  });

  test('what was refused is sent again when it differs, and its ACK clears the refusal', () => {
    request(CDS, { nonce: '1', error: 'no' });
    expect(change([CDS, 'a', '2'])).toEqual(['CDS 2: a']);
    ack(CDS, 2);
    expect(state.types[CDS].refused.size).toBe(0);
  });

  test('of several, those that it names are refused and the others run', () => {
    change([CDS, 'b', '1'], [CDS, 'c', '1']);
    ack(CDS, 1);
    request(CDS, { nonce: '2', error: 'c: lb_policy: no' });
    expect([...state.types[CDS].refused.keys()]).toEqual(['c']);
  });

  test('the ACK of something else does not clear a refusal', () => {
    request(CDS, { nonce: '1', error: 'no' });
    change([CDS, 'b', '1']);
    ack(CDS, 2);
    expect([...state.types[CDS].refused.keys()]).toEqual(['a']);
  });

  test('a stale nonce acknowledges nothing but still subscribes', () => {
    view.set(CDS, 'b', '1');
    expect(request(CDS, { nonce: '99', unsubscribe: ['a'] })).toEqual([]);
    expect(state.types[CDS].inFlight).toBeDefined();
    expect(ack(CDS, 1)).toEqual(['CDS 2: a']);
  });

  test('while one response is unanswered changes gather, and the latest state goes', () => {
    expect(change([CDS, 'a', '2'])).toEqual([]);
    expect(change([CDS, 'a', '3'], [CDS, 'b', '1'])).toEqual([]);
    expect(change([CDS, 'b', undefined])).toEqual([]);
    expect(ack(CDS, 1)).toEqual(['CDS 2: a']);
    expect(state.types[CDS].told.get('a')).toBe(view.get(CDS, 'a'));
  });

  test('what changed back meanwhile is not sent', () => {
    change([CDS, 'a', '2']);
    change([CDS, 'a', '1']);
    expect(ack(CDS, 1)).toEqual([]);
  });
});

describe('make before break', () => {
  beforeEach(() => {
    view.set(CDS, 'c', '1');
    view.set(EDS, 'c', '1');
    view.set(LDS, 'l', '1');
    view.set(RDS, 'r', '1');
    request(CDS);
    request(LDS);
    ack(CDS, 1);
    subscribe(EDS, 'c');
    subscribe(RDS, 'r');
    ack(LDS, 2);
    ack(EDS, 3);
    ack(RDS, 4);
    expect(state.lastNonce).toBe(4);
  });

  test('at the start, listeners wait for clusters', () => {
    const fresh = newSession();
    const bare = {
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map<string, string>(),
      error: undefined,
    };
    expect(told(receiveDelta(fresh, { type: CDS, ...bare, nonce: '' }, view, 1))).toEqual(['CDS 1: c']);
    expect(told(receiveDelta(fresh, { type: LDS, ...bare, nonce: '' }, view, 1))).toEqual([]);
    expect(told(receiveDelta(fresh, { type: CDS, ...bare, nonce: '1' }, view, 1))).toEqual(['LDS 2: l']);
  });

  test('a route to a new cluster waits until its endpoints were asked for and acknowledged', () => {
    expect(change([CDS, 'n', '1'], [EDS, 'n', '1'], [RDS, 'r', '2'])).toEqual(['CDS 5: n']);
    expect(ack(CDS, 5)).toEqual([]);
    expect(subscribe(EDS, 'n')).toEqual(['EDS 6: n']);
    expect(ack(EDS, 6)).toEqual(['RDS 7: r']);
  });

  test('endpoints do not wait for the acknowledgement of their cluster: Envoy gives it when they came', () => {
    change([CDS, 'n', '1'], [EDS, 'n', '1'], [RDS, 'r', '2']);
    expect(subscribe(EDS, 'n')).toEqual(['EDS 6: n']);
    expect(ack(EDS, 6)).toEqual([]);
    expect(ack(CDS, 5)).toEqual(['RDS 7: r']);
  });

  test('a cluster goes when the route that left it was acknowledged', () => {
    expect(change([RDS, 'r', '2'], [CDS, 'c', undefined], [EDS, 'c', undefined])).toEqual(['RDS 5: r']);
    expect(ack(RDS, 5)).toEqual(['CDS 6: -c']);
    expect(ack(CDS, 6)).toEqual(['EDS 7: -c']);
  });

  test('a stream of endpoint changes does not hold a route back', () => {
    expect(change([EDS, 'c', '2'])).toEqual(['EDS 5: c']);
    expect(change([RDS, 'r', '2'])).toEqual([]);
    expect(change([EDS, 'c', '3'])).toEqual([]);
    expect(ack(EDS, 5)).toEqual(['EDS 6: c', 'RDS 7: r']);
  });

  test('a client that has lost our patience gets everything', () => {
    change([CDS, 'n', '1'], [EDS, 'n', '1'], [RDS, 'r', '2']);
    state.impatient = true;
    expect(told(advance(state, view, generation, DELTA))).toEqual(['RDS 6: r']);
  });

  test('a new cluster that goes before its endpoints were asked for holds nothing back', () => {
    change([CDS, 'n', '1'], [EDS, 'n', '1'], [RDS, 'r', '2']);
    change([CDS, 'n', undefined], [EDS, 'n', undefined]);
    expect(ack(CDS, 5)).toEqual(['RDS 6: r']);
    expect(ack(RDS, 6)).toEqual(['CDS 7: -n']);
  });
});

test('a big answer goes in pieces, each after the acknowledgement of the last', () => {
  const half = 'x'.repeat(RESPONSE_BYTES / 2);
  for (const name of ['a', 'b', 'c']) view.set(CDS, name, half);
  expect(request(CDS)).toEqual(['CDS 1: a b']);
  expect(ack(CDS, 1)).toEqual(['CDS 2: c']);
  expect(ack(CDS, 2)).toEqual([]);
});

test('a resource bigger than a response still goes', () => {
  view.set(CDS, 'a', 'x'.repeat(RESPONSE_BYTES + 1));
  expect(request(CDS)).toEqual(['CDS 1: a']);
});
