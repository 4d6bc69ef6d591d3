import type { Percent } from '#api/kinds/istio-values.ts';
import {
  FractionalPercent_DenominatorType as Denominator,
  type FractionalPercentSchema,
} from '#api/xds/gen/envoy/type/v3/percent_pb.js';
import type { Init } from '../message.ts';

type FractionalPercent = Init<typeof FractionalPercentSchema>;

/** Istio's percentage in Envoy's finest unit. `whole` is its older, whole percent; neither said: `unsaid`. */
export function fraction(
  percentage: Percent | undefined,
  whole: number | undefined,
  unsaid: number,
): FractionalPercent {
  const percent = percentage?.value ?? whole ?? unsaid;
  return { numerator: Math.round(percent * 10_000), denominator: Denominator.MILLION };
}
