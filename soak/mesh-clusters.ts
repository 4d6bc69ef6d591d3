/** The clusters of a soak as xDS resources, drawn by chance: some whose endpoints all answer, and some that are to suffer. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Random } from '#api/foundation/random.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';
import { assignment, cluster, originalDestination } from '#sidecar/discovery/test-resources.ts';
import { pick } from './dice.ts';

/** What the applications listen on. */
export interface Ports {
  readonly good: readonly number[];
  readonly bad: readonly number[];
  readonly echo: number;
  readonly greeter: number;
}

/** Nothing listens there. */
const REFUSING_PORT = 1;

const at = (port: number): string => `127.0.0.1:${port}`;

/** Cluster names as the control plane gives them; the service is read from them. */
export const STEADY: readonly string[] = ['a', 'b'].map((subset) => `outbound|80|${subset}|steady`);
export const LEAVERS = 'outbound|80||leavers';
export const CHAOS = 'outbound|80||chaos';
export const SHADOW = 'outbound|80||shadow';
export const ECHO = 'outbound|3306||echo';
export const GREETER = 'outbound|90||greeter';
export const BROKEN = 'outbound|4000||broken';
export const INBOUND = 'inbound|9080||app';
export const INBOUND_TCP = 'inbound|9090||app-tcp';

export const PERMANENT: readonly string[] = [
  ...STEADY,
  LEAVERS,
  CHAOS,
  SHADOW,
  ECHO,
  GREETER,
  BROKEN,
  INBOUND,
  INBOUND_TCP,
];

export const POLICIES: readonly string[] = ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM', 'RING_HASH', 'MAGLEV'];

export function drawCluster(name: string, random: Random): Resource {
  const fields: Record<string, JsonValue> = {
    connect_timeout: name === CHAOS ? '1s' : pick(random, ['5s', '10s']),
    lb_policy: pick(random, POLICIES),
  };
  if (name === CHAOS) Object.assign(fields, hardTimes(random));
  return cluster(name, fields as JsonObject);
}

/** Ejections and narrow breakers. */
function hardTimes(random: Random): JsonObject {
  const limits = {
    max_connections: pick(random, [2, 20, 1000]),
    max_pending_requests: pick(random, [1, 20, 1000]),
    max_requests: pick(random, [5, 50, 1000]),
    max_retries: pick(random, [1, 10]),
  };
  return {
    outlier_detection: {
      consecutive_5xx: pick(random, [2, 5]),
      interval: '0.5s',
      base_ejection_time: '0.5s',
      max_ejection_percent: pick(random, [30, 100]),
    },
    circuit_breakers: { thresholds: [limits] },
  };
}

/** At least one endpoint that answers, but for those that are to suffer. */
export function drawEndpoints(name: string, ports: Ports, random: Random): Resource {
  if (name === ECHO || name === INBOUND_TCP) return assignment(name, [at(ports.echo)]);
  if (name === GREETER) return assignment(name, [at(ports.greeter)]);
  if (name === BROKEN) return assignment(name, drawSome([REFUSING_PORT, ...ports.bad], 0, random));
  if (name === CHAOS)
    return assignment(name, drawSome([...ports.bad, ports.good[0]!, REFUSING_PORT], 0, random));
  if (name === SHADOW) return assignment(name, drawSome([...ports.bad, ports.good[0]!], 1, random));
  return assignment(name, drawSome(ports.good, 1, random));
}

function drawSome(ports: readonly number[], atLeast: number, random: Random): string[] {
  const some = ports.filter(() => random() < 0.6);
  return (some.length >= atLeast ? some : [pick(random, ports)]).map(at);
}

export const PASSTHROUGH: Resource = originalDestination('PassthroughCluster');
