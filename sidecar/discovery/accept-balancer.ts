import {
  type Cluster,
  Cluster_LeastRequestLbConfigSchema,
  Cluster_MaglevLbConfigSchema,
  Cluster_RingHashLbConfigSchema,
  Cluster_RoundRobinLbConfigSchema,
  Cluster_RingHashLbConfig_HashFunction as HashFunction,
  Cluster_LbPolicy as LbPolicy,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { TypedExtensionConfig } from '#api/xds/gen/envoy/config/core/v3/extension_pb.js';
import { type TypedStruct, TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import { PEAK_EWMA_TYPE } from '#api/xds/peak-ewma.ts';
import { type BalancerPolicy, DEFAULT_POLICY } from '#sidecar/upstream/balancer.ts';
import { acceptPeakEwma } from './accept-peak-ewma.ts';
import { acceptSlowStart } from './accept-slow-start.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** Envoy's default for LeastRequestLbConfig.choice_count. */
const LEAST_REQUEST_CHOICES = 2;
/** Envoy's defaults and limits. */
const MIN_RING_SIZE = 1024;
const MAX_RING_SIZE = 8_388_608;
const MAGLEV_TABLE_SIZE = 65_537;
const MAX_MAGLEV_TABLE_SIZE = 5_000_011;

/** The cluster's balancing policy: `load_balancing_policy` when it is there, else `lb_policy`. */
export function acceptBalancer(cluster: Cluster, place: Place): BalancerPolicy {
  if (cluster.loadBalancingPolicy !== undefined) {
    return acceptExtension(cluster, place.in('load_balancing_policy'));
  }
  switch (cluster.lbPolicy) {
    case LbPolicy.ROUND_ROBIN:
      return acceptRoundRobin(cluster, place);
    case LbPolicy.LEAST_REQUEST:
      return acceptLeastRequest(cluster, place);
    case LbPolicy.RING_HASH:
      return acceptRingHash(cluster, place);
    case LbPolicy.MAGLEV:
      return acceptMaglev(cluster, place);
    case LbPolicy.RANDOM:
      return { kind: 'random' };
    case LbPolicy.CLUSTER_PROVIDED:
      return DEFAULT_POLICY;
  }
  place.in('lb_policy').refuse(`${LbPolicy[cluster.lbPolicy] ?? cluster.lbPolicy} is not supported`);
  return DEFAULT_POLICY;
}

function acceptRoundRobin({ lbConfig }: Cluster, place: Place): BalancerPolicy {
  if (lbConfig.case !== 'roundRobinLbConfig') return { kind: 'round-robin' };
  const here = place.in('round_robin_lb_config');
  here.allow(Cluster_RoundRobinLbConfigSchema, lbConfig.value, new Set(['slow_start_config']));
  const slowStart = acceptSlowStart(lbConfig.value.slowStartConfig, here.in('slow_start_config'));
  return { kind: 'round-robin', slowStart };
}

function acceptLeastRequest({ lbConfig }: Cluster, place: Place): BalancerPolicy {
  if (lbConfig.case !== 'leastRequestLbConfig') {
    return { kind: 'least-request', choices: LEAST_REQUEST_CHOICES };
  }
  const here = place.in('least_request_lb_config');
  const config = lbConfig.value;
  const supported = new Set(['choice_count', 'active_request_bias', 'slow_start_config']);
  here.allow(Cluster_LeastRequestLbConfigSchema, config, supported);
  const choices = config.choiceCount ?? LEAST_REQUEST_CHOICES;
  const activeBias = config.activeRequestBias?.defaultValue;
  if (choices < 2) here.in('choice_count').refuse('must be at least 2');
  if (activeBias !== undefined && !(activeBias >= 0)) {
    here.in('active_request_bias').refuse('must not be negative');
  }
  const slowStart = acceptSlowStart(config.slowStartConfig, here.in('slow_start_config'));
  return { kind: 'least-request', choices, activeBias, slowStart };
}

function acceptRingHash({ lbConfig }: Cluster, place: Place): BalancerPolicy {
  const config = lbConfig.case === 'ringHashLbConfig' ? lbConfig.value : undefined;
  const here = place.in('ring_hash_lb_config');
  if (config !== undefined) {
    const supported = new Set(['minimum_ring_size', 'maximum_ring_size', 'hash_function']);
    here.allow(Cluster_RingHashLbConfigSchema, config, supported);
    if (config.hashFunction !== HashFunction.XX_HASH) {
      here.in('hash_function').refuse(`${HashFunction[config.hashFunction]} is not supported`);
    }
  }
  const minimumRingSize = Number(config?.minimumRingSize ?? MIN_RING_SIZE);
  const maximumRingSize = Number(config?.maximumRingSize ?? MAX_RING_SIZE);
  if (maximumRingSize > MAX_RING_SIZE)
    here.in('maximum_ring_size').refuse(`must be at most ${MAX_RING_SIZE}`);
  if (minimumRingSize > maximumRingSize) {
    here.in('minimum_ring_size').refuse('must be at most the maximum ring size');
  }
  return { kind: 'ring-hash', minimumRingSize, maximumRingSize };
}

function acceptMaglev({ lbConfig }: Cluster, place: Place): BalancerPolicy {
  const here = place.in('maglev_lb_config');
  const config = lbConfig.case === 'maglevLbConfig' ? lbConfig.value : undefined;
  if (config !== undefined) here.allow(Cluster_MaglevLbConfigSchema, config, new Set(['table_size']));
  const tableSize = Number(config?.tableSize ?? MAGLEV_TABLE_SIZE);
  if (tableSize > MAX_MAGLEV_TABLE_SIZE || !isPrime(tableSize)) {
    here.in('table_size').refuse(`must be a prime of at most ${MAX_MAGLEV_TABLE_SIZE}`);
  }
  return { kind: 'maglev', tableSize };
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

/** Envoy takes the first policy of the list that it knows. */
function acceptExtension(cluster: Cluster, place: Place): BalancerPolicy {
  const policies = cluster.loadBalancingPolicy?.policies ?? [];
  for (const { typedExtensionConfig: extension } of policies) {
    const struct = extension === undefined ? undefined : typedStruct(extension);
    if (struct?.typeUrl === PEAK_EWMA_TYPE) return acceptPeakEwma(struct.value ?? {}, place.in('peak_ewma'));
  }
  const names = policies.map(({ typedExtensionConfig: extension }) => extension?.name ?? '(none)');
  place.refuse(`none of these policies is supported: ${names.join(', ')}`);
  return DEFAULT_POLICY;
}

function typedStruct({ typedConfig }: TypedExtensionConfig): TypedStruct | undefined {
  return unpack(typedConfig, TypedStructSchema);
}
