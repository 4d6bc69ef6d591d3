import { fromBinary, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { parseDuration } from '#api/foundation/duration.ts';
import {
  type Cluster,
  Cluster_LbPolicy as LbPolicy,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { TypedExtensionConfig } from '#api/xds/gen/envoy/config/core/v3/extension_pb.js';
import { type TypedStruct, TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import { PEAK_EWMA_TYPE } from '#api/xds/peak-ewma.ts';
import { type BalancerPolicy, DEFAULT_POLICY } from '#sidecar/upstream/balancer.ts';
import { DEFAULT_PEAK_EWMA } from '#sidecar/upstream/load-estimate.ts';
import type { Place } from './refusals.ts';

/** Envoy's default for LeastRequestLbConfig.choice_count. */
const LEAST_REQUEST_CHOICES = 2;

const TYPED_STRUCT_TYPE = `type.googleapis.com/${TypedStructSchema.typeName}`;

/** The cluster's balancing policy: `load_balancing_policy` when it is there, else `lb_policy`. */
export function acceptBalancer(cluster: Cluster, place: Place): BalancerPolicy {
  if (cluster.loadBalancingPolicy !== undefined) {
    return acceptExtension(cluster, place.in('load_balancing_policy'));
  }
  switch (cluster.lbPolicy) {
    case LbPolicy.ROUND_ROBIN:
      return { kind: 'round-robin' };
    case LbPolicy.LEAST_REQUEST:
      return { kind: 'least-request', choices: LEAST_REQUEST_CHOICES };
    case LbPolicy.RANDOM:
      return { kind: 'random' };
    case LbPolicy.CLUSTER_PROVIDED:
      return DEFAULT_POLICY;
  }
  place.in('lb_policy').refuse(`${LbPolicy[cluster.lbPolicy] ?? cluster.lbPolicy} is not supported`);
  return DEFAULT_POLICY;
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
  return typedConfig?.typeUrl === TYPED_STRUCT_TYPE
    ? fromBinary(TypedStructSchema, typedConfig.value)
    : undefined;
}

/** The JSON form of Envoy's PeakEwma message. */
function acceptPeakEwma(fields: JsonObject, place: Place): BalancerPolicy {
  let ewma = DEFAULT_PEAK_EWMA;
  for (const [name, value] of Object.entries(fields)) {
    const here = place.in(name);
    if (name === 'decay_time') ewma = { ...ewma, decayMs: acceptDuration(value, here) };
    else if (name === 'penalty_value') ewma = { ...ewma, probePenaltyMs: acceptPenalty(value, here) };
    else here.refuse('not supported');
  }
  return { kind: 'peak-ewma', ewma };
}

function acceptDuration(value: JsonValue, place: Place): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= 1) return ms;
  place.refuse('must be a duration of at least 1ms, such as "10s"');
  return DEFAULT_PEAK_EWMA.decayMs;
}

function acceptPenalty(value: JsonValue, place: Place): number {
  if (typeof value === 'number' && value > 0) return value;
  place.refuse('must be a number of milliseconds above 0');
  return DEFAULT_PEAK_EWMA.probePenaltyMs;
}
