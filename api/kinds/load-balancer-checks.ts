import { duplicateMistakes, localityMistakes } from './host-checks.ts';
import type { Mistake } from './kind.ts';
import type { ConsistentHash, LoadBalancerSettings, LocalityLbSetting } from './traffic-policy.ts';

/** Envoy's limits. */
const MAX_RING_SIZE = 8_388_608;
const MAX_TABLE_SIZE = 5_000_011;

export function loadBalancerMistakes(settings: LoadBalancerSettings, path: string): Mistake[] {
  const { simple, consistentHash, localityLbSetting } = settings;
  const both = simple !== undefined && consistentHash !== undefined;
  return [
    ...(both ? [{ path, message: 'simple and consistentHash exclude each other' }] : []),
    ...(consistentHash === undefined ? [] : hashMistakes(consistentHash, `${path}.consistentHash`)),
    ...(localityLbSetting === undefined
      ? []
      : localityLbMistakes(localityLbSetting, `${path}.localityLbSetting`)),
    ...warmupMistakes(settings, path),
  ];
}

/** A hash stands in the routes of a whole port: proxies would refuse them all for one name that is none. */
const HASHED_HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,16384}$/;
const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const COOKIE_PATH = /^[\x21-\x3a\x3c-\x7e]{0,1024}$/;

function hashMistakes(hash: ConsistentHash, path: string): Mistake[] {
  const keys = [
    hash.httpHeaderName,
    hash.httpCookie,
    hash.useSourceIp || undefined,
    hash.httpQueryParameterName,
  ];
  const said = keys.filter((key) => key !== undefined).length;
  const sizes = [hash.ringHash?.minimumRingSize, hash.minimumRingSize];
  const mistakes: Mistake[] = [];
  if (said !== 1) {
    const message =
      'exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName is required';
    mistakes.push({ path, message });
  }
  if (hash.httpHeaderName !== undefined && !HASHED_HEADER.test(hash.httpHeaderName))
    mistakes.push({ path: `${path}.httpHeaderName`, message: 'must be the name of a header' });
  if (hash.httpCookie !== undefined && !COOKIE_NAME.test(hash.httpCookie.name))
    mistakes.push({ path: `${path}.httpCookie.name`, message: 'must be the name of a cookie' });
  if (!COOKIE_PATH.test(hash.httpCookie?.path ?? ''))
    mistakes.push({ path: `${path}.httpCookie.path`, message: 'must be the path of a cookie' });
  if (hash.ringHash !== undefined && hash.maglev !== undefined)
    mistakes.push({ path, message: 'ringHash and maglev exclude each other' });
  if (hash.minimumRingSize !== undefined && (hash.ringHash ?? hash.maglev) !== undefined)
    mistakes.push({ path: `${path}.minimumRingSize`, message: 'is the older form: say ringHash alone' });
  if (sizes.some((size) => (size ?? 0) > MAX_RING_SIZE))
    mistakes.push({ path, message: `a ring has at most ${MAX_RING_SIZE} entries` });
  const table = hash.maglev?.tableSize ?? 0;
  if (table !== 0 && (table > MAX_TABLE_SIZE || !isPrime(table)))
    mistakes.push({
      path: `${path}.maglev.tableSize`,
      message: `must be a prime of at most ${MAX_TABLE_SIZE}`,
    });
  return mistakes;
}

function localityLbMistakes(setting: LocalityLbSetting, path: string): Mistake[] {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  const used = [distribute, failover, failoverPriority].filter((list) => list.length > 0);
  return [
    ...(used.length > 1
      ? [{ path, message: 'distribute, failover and failoverPriority exclude one another' }]
      : []),
    ...distribute.flatMap((rule, i) => distributeMistakes(rule, `${path}.distribute[${i}]`)),
    ...duplicateMistakes(
      distribute.map(({ from }) => from),
      (i) => `${path}.distribute[${i}].from`,
    ),
    ...failover.flatMap((rule, i) => failoverMistakes(rule, `${path}.failover[${i}]`)),
    ...duplicateMistakes(
      failover.map(({ from }) => from),
      (i) => `${path}.failover[${i}].from`,
    ),
    ...duplicateMistakes(failoverPriority, (i) => `${path}.failoverPriority[${i}]`),
  ];
}

function distributeMistakes(
  { from, to }: { from: string; to: Record<string, number> },
  path: string,
): Mistake[] {
  const shares = Object.entries(to);
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  return [
    ...localityMistakes(from, `${path}.from`, true),
    ...shares.flatMap(([locality, share]) => [
      ...localityMistakes(locality, `${path}.to[${locality}]`, true),
      ...(share > 0 ? [] : [{ path: `${path}.to[${locality}]`, message: 'must be from 1 to 100' }]),
    ]),
    ...(total === 100 ? [] : [{ path: `${path}.to`, message: `must add up to 100, not ${total}` }]),
  ];
}

function failoverMistakes({ from, to }: { from: string; to: string }, path: string): Mistake[] {
  const region = (text: string, at: string): Mistake[] =>
    text === '' || /[*/]/.test(text) ? [{ path: at, message: 'must be a region' }] : [];
  return [
    ...region(from, `${path}.from`),
    ...region(to, `${path}.to`),
    ...(from === to ? [{ path: `${path}.to`, message: 'must be another region than from' }] : []),
  ];
}

function warmupMistakes(settings: LoadBalancerSettings, path: string): Mistake[] {
  const { warmup, warmupDurationSecs, simple, consistentHash } = settings;
  if (warmup === undefined && warmupDurationSecs === undefined) return [];
  const mistakes: Mistake[] = [];
  if (warmup !== undefined && warmupDurationSecs !== undefined)
    mistakes.push({ path: `${path}.warmupDurationSecs`, message: 'is the older form of warmup: say one' });
  if (consistentHash !== undefined || simple === 'RANDOM' || simple === 'PASSTHROUGH') {
    const name = warmup === undefined ? 'warmupDurationSecs' : 'warmup';
    const message = 'needs ROUND_ROBIN, LEAST_REQUEST or the default balancer';
    mistakes.push({ path: `${path}.${name}`, message });
  }
  return mistakes;
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) if (value % divisor === 0) return false;
  return true;
}
