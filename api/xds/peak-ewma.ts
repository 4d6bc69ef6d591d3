/**
 * Envoy's contrib balancer names the fields of weft's default one. Its message is not among the generated ones, so
 * it travels as `xds.type.v3.TypedStruct` with this type URL and the message's JSON as value.
 */
export const PEAK_EWMA_POLICY = 'envoy.load_balancing_policies.peak_ewma';
export const PEAK_EWMA_TYPE =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma';
/** `decay_time`: how long a slow answer is remembered (Envoy's default). */
export const PEAK_EWMA_DECAY_MS = 10_000;
