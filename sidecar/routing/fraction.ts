import {
  type RuntimeFractionalPercent,
  RuntimeFractionalPercentSchema,
} from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  FractionalPercent_DenominatorType as Denominator,
  type FractionalPercent,
} from '#api/xds/gen/envoy/type/v3/percent_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { PerMillion } from './route-table.ts';

/** A share that is everything. */
export const ALL: PerMillion = 1_000_000;

const SCALE: Readonly<Record<Denominator, number>> = {
  [Denominator.HUNDRED]: 10_000,
  [Denominator.TEN_THOUSAND]: 100,
  [Denominator.MILLION]: 1,
};

/** Envoy's FractionalPercent; more than all of them is all of them. */
export function compileFraction(percent: FractionalPercent, place: Place): PerMillion {
  const scale = SCALE[percent.denominator];
  if (scale === undefined) place.in('denominator').refuse(`${percent.denominator} is not supported`);
  return Math.min(ALL, percent.numerator * (scale ?? 0));
}

/** A fraction that Envoy could read from its runtime; here there is none but `default_value`. */
export function compileRuntimeFraction(fraction: RuntimeFractionalPercent, place: Place): PerMillion {
  place.allow(RuntimeFractionalPercentSchema, fraction, new Set(['default_value']));
  const here = place.in('default_value');
  if (fraction.defaultValue !== undefined) return compileFraction(fraction.defaultValue, here);
  here.refuse('is required');
  return 0;
}
