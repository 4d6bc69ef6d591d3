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
import { markDirty, newSession, type Push, type SessionState } from './session-state.ts';
import { receiveSotw, SOTW } from './sotw-session.ts';
import { ToyView } from './testing/toy-view.ts';

let view: ToyView;
let state: SessionState;
let generation: number;

beforeEach(() => {
  view = new ToyView();
  state = newSession();
  generation = 1;
});

function told(pushes: readonly Push[]): string[] {
  return pushes.map(({ type, nonce, resources }) =>
    [`${SHORT_NAMES[type]} ${nonce}:`, ...resources.map(({ name }) => name)].join(' '),
  );
}

function request(type: ResourceType, names: string[], nonce = '', error?: string): string[] {
  return told(receiveSotw(state, { type, names, nonce, error }, view, generation));
}

function change(...changes: [ResourceType, string, string | undefined][]): string[] {
  generation += 1;
  for (const [type, name, content] of changes) view.set(type, name, content);
  for (const [type, name] of changes) markDirty(state.types[type], [name], generation);
  return told(advance(state, view, generation, SOTW));
}

describe('listeners and clusters', () => {
  beforeEach(() => {
    for (const name of ['a', 'b']) view.set(CDS, name, '1');
  });

  test('no names are a wildcard at first', () => {
    expect(request(CDS, [])).toEqual(['CDS 1: a b']);
  });

  test('no names after some are nothing', () => {
    expect(request(CDS, ['a'])).toEqual(['CDS 1: a']);
    expect(request(CDS, [], '1')).toEqual([]);
    expect(change([CDS, 'a', '2'])).toEqual([]);
  });

  test('a change is answered with the full set', () => {
    request(CDS, []);
    request(CDS, [], '1');
    expect(change([CDS, 'b', '2'])).toEqual(['CDS 2: a b']);
  });

  test('a name that is not there is answered by its absence, and comes when it appears', () => {
    expect(request(CDS, ['n'])).toEqual(['CDS 1:']);
    expect(request(CDS, ['n'], '1')).toEqual([]);
    expect(change([CDS, 'n', '1'])).toEqual(['CDS 2: n']);
  });

  test('a removal alone is the full set without it', () => {
    request(CDS, []);
    request(CDS, [], '1');
    expect(change([CDS, 'b', undefined])).toEqual(['CDS 2: a']);
  });

  test('a cluster is repeated until the route that leaves it is acknowledged', () => {
    view.set(RDS, 'r', '1');
    request(CDS, []);
    request(CDS, [], '1');
    request(RDS, ['r']);
    request(RDS, ['r'], '2');
    const made = change([CDS, 'n', '1'], [CDS, 'b', undefined], [RDS, 'r', '2']);
    expect(made).toEqual(['CDS 3: a n b']);
    expect(request(CDS, [], '3')).toEqual(['RDS 4: r']);
    expect(request(RDS, ['r'], '4')).toEqual(['CDS 5: a n']);
  });
});

describe('routes and endpoints', () => {
  beforeEach(() => {
    for (const name of ['a', 'b']) view.set(EDS, name, '1');
  });

  test('only what changed is sent', () => {
    expect(request(EDS, ['a', 'b'])).toEqual(['EDS 1: a b']);
    request(EDS, ['a', 'b'], '1');
    expect(change([EDS, 'b', '2'])).toEqual(['EDS 2: b']);
  });

  test('only what is new in a longer list is sent', () => {
    request(EDS, ['a']);
    request(EDS, ['a'], '1');
    expect(request(EDS, ['a', 'b'], '1')).toEqual(['EDS 2: b']);
  });

  test('a name that comes back after it was left out is sent again', () => {
    request(EDS, ['a']);
    request(EDS, ['a'], '1');
    request(EDS, ['b'], '1');
    request(EDS, ['b'], '2');
    expect(request(EDS, ['a', 'b'], '2')).toEqual(['EDS 3: a']);
  });

  test('no names are nothing', () => {
    expect(request(EDS, [])).toEqual([]);
  });

  test('what goes and comes back is sent again', () => {
    request(EDS, ['a']);
    request(EDS, ['a'], '1');
    expect(change([EDS, 'a', undefined])).toEqual([]);
    expect(change([EDS, 'a', '1'])).toEqual(['EDS 2: a']);
  });
});

describe('answers', () => {
  beforeEach(() => view.set(LDS, 'a', '1'));

  test('an ACK and a NACK are not answered', () => {
    request(LDS, ['a']);
    expect(request(LDS, ['a'], '1', 'no')).toEqual([]);
    expect(state.types[LDS].lastNack).toBe('no');
    expect(change([LDS, 'a', '2'])).toEqual(['LDS 2: a']);
    expect(request(LDS, ['a'], '2')).toEqual([]);
    expect(state.types[LDS].refused.size).toBe(0);
  });

  test('a name that a stale request left out is sent again when the next one has it', () => {
    request(LDS, ['a']);
    request(LDS, ['a'], '1');
    change([LDS, 'a', '2']);
    expect(request(LDS, [], '1')).toEqual([]);
    expect(request(LDS, ['a'], '2')).toEqual(['LDS 3: a']);
    expect(request(LDS, ['a'], '3')).toEqual([]);
  });

  test('a stale nonce changes no subscription', () => {
    request(LDS, ['a']);
    request(LDS, ['a'], '1');
    change([LDS, 'a', '2']);
    expect(request(LDS, ['b'], '1')).toEqual([]);
    expect([...state.types[LDS].names]).toEqual(['a']);
  });

  test('changes gather while a response is unanswered', () => {
    request(LDS, ['a']);
    expect(change([LDS, 'a', '2'])).toEqual([]);
    expect(change([LDS, 'a', '3'])).toEqual([]);
    expect(request(LDS, ['a'], '1')).toEqual(['LDS 2: a']);
    expect(request(LDS, ['a'], '2')).toEqual([]);
  });
});
