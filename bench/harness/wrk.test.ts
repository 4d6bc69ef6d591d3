import { expect, test } from 'vitest';
import { parseWrk } from './wrk.ts';

const URL = 'http://127.0.0.1:1/1k';

function output(changes: Record<string, number> = {}): string {
  const said = {
    requests: 5_000,
    bytes: 6e6,
    micros: 2e6,
    failed: 0,
    p50: 520,
    p90: 900,
    p99: 1_600,
    p999: 12_345,
  };
  return `Running 2s test @ ${URL}\n  1 threads and 32 connections\n\n${JSON.stringify({ ...said, ...changes })}\n`;
}

test('reads rate and latencies', () => {
  expect(parseWrk(output(), URL)).toEqual({
    requests: 5_000,
    requestsPerSecond: 2_500,
    p50Ms: 0.52,
    p90Ms: 0.9,
    p99Ms: 1.6,
    p999Ms: 12.345,
  });
});

test.each([
  { text: output({ failed: 3 }), error: `3 of 5000 requests to ${URL} failed` },
  { text: output({ requests: 0 }), error: `no request to ${URL} was answered` },
  { text: 'unable to connect to 127.0.0.1:1 Connection refused\n', error: 'Connection refused' },
])('refuses: $error', ({ text, error }) => {
  expect(() => parseWrk(text, URL)).toThrow(error);
});
