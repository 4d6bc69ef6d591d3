import { fromJson, type JsonObject } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { AdaptiveConcurrencySchema } from '#api/xds/gen/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js';
import { acceptConcurrencyLimit } from './accept-concurrency-limit.ts';
import { accept } from './refusals.ts';

const intervals = {
  concurrency_limit_params: { concurrency_update_interval: '0.1s' },
  min_rtt_calc_params: { interval: '60s' },
};
const defaults = {
  percentile: 0.5,
  maxLimit: 1000,
  updateIntervalMs: 100,
  ideal: { intervalMs: 60_000, jitter: 0.15, requests: 50, concurrency: 3, buffer: 0.25 },
};

test.each<[string, JsonObject, unknown]>([
  [
    "what is not said is Envoy's",
    { gradient_controller_config: intervals },
    { adaptive: defaults, status: 503 },
  ],
  [
    'what is said',
    {
      gradient_controller_config: {
        sample_aggregate_percentile: { value: 90 },
        concurrency_limit_params: { concurrency_update_interval: '0.25s', max_concurrency_limit: 20 },
        min_rtt_calc_params: {
          interval: '30s',
          request_count: 10,
          jitter: { value: 10 },
          min_concurrency: 2,
          buffer: { value: 50 },
        },
      },
      concurrency_limit_exceeded_status: { code: 'TooManyRequests' },
    },
    {
      adaptive: {
        percentile: 0.9,
        maxLimit: 20,
        updateIntervalMs: 250,
        ideal: { intervalMs: 30_000, jitter: 0.1, requests: 10, concurrency: 2, buffer: 0.5 },
      },
      status: 429,
    },
  ],
  [
    'a status that is no failure',
    { gradient_controller_config: intervals, concurrency_limit_exceeded_status: { code: 'OK' } },
    { adaptive: defaults, status: 503 },
  ],
  [
    'switched off',
    { gradient_controller_config: intervals, enabled: { default_value: false, runtime_key: 'x' } },
    undefined,
  ],
])('%s', (_, json, expected) => {
  const message = fromJson(AdaptiveConcurrencySchema, json);
  expect(accept((place) => acceptConcurrencyLimit(message, place))).toEqual({ ok: true, value: expected });
});
