import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import type { Fault } from '#sidecar/routing/route-table.ts';
import { drawFault } from './fault-injection.ts';

const ALL = 1_000_000;
const abort = (share: number) => ({ status: 418, share });
const delay = (share: number) => ({ ms: 70, share });
const REPLY = {
  status: 418,
  flag: 'FI',
  details: 'fault_filter_abort',
  reason: 'the fault rule of route "r" aborts this request on purpose',
};

describe('fault', () => {
  test.each<[string, Fault, unknown]>([
    ['none', { delay: undefined, abort: undefined }, undefined],
    ['of no request', { delay: delay(0), abort: abort(0) }, undefined],
    ['a delay', { delay: delay(ALL), abort: undefined }, { delayMs: 70, abort: undefined }],
    ['an abort', { delay: undefined, abort: abort(ALL) }, { delayMs: 0, abort: REPLY }],
    ['both', { delay: delay(ALL), abort: abort(ALL) }, { delayMs: 70, abort: REPLY }],
    ['a delay of some', { delay: delay(500_000), abort: abort(ALL) }, { delayMs: 0, abort: REPLY }],
  ])('%s', (_, fault, expected) => {
    expect(drawFault(fault, 'r', () => 0.5)).toEqual(expected);
  });

  test('strikes its share, each part for itself', () => {
    const random = seededRandom(7);
    const seen = Array.from({ length: 20_000 }, () =>
      drawFault({ delay: delay(100_000), abort: abort(250_000) }, 'r', random),
    );
    const share = (hit: (fault: (typeof seen)[number]) => boolean): number =>
      seen.filter(hit).length / seen.length;
    expect(share((fault) => fault !== undefined && fault.delayMs > 0)).toBeCloseTo(0.1, 1.5);
    expect(share((fault) => fault?.abort !== undefined)).toBeCloseTo(0.25, 1.5);
    expect(share((fault) => fault?.abort !== undefined && fault.delayMs > 0)).toBeCloseTo(0.025, 1.5);
  });
});
