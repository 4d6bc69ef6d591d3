import {
  type FaultDelay,
  FaultDelaySchema,
} from '#api/xds/gen/envoy/extensions/filters/common/fault/v3/fault_pb.js';
import {
  type FaultAbort,
  FaultAbortSchema,
  type HTTPFault,
  HTTPFaultSchema,
} from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import type { FractionalPercent } from '#api/xds/gen/envoy/type/v3/percent_pb.js';
import { acceptDuration } from '#sidecar/discovery/durations.ts';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compileFraction } from './fraction.ts';
import type { Fault, PerMillion } from './route-table.ts';

/** Envoy's HTTPFault; undefined when no request would feel it. */
export function compileFault(fault: HTTPFault, place: Place): Fault | undefined {
  place.allow(HTTPFaultSchema, fault, new Set(['delay', 'abort']));
  const delay = fault.delay === undefined ? undefined : compileDelay(fault.delay, place.in('delay'));
  const abort = fault.abort === undefined ? undefined : compileAbort(fault.abort, place.in('abort'));
  return delay === undefined && abort === undefined ? undefined : { delay, abort };
}

function compileDelay(delay: FaultDelay, place: Place): Fault['delay'] {
  place.allow(FaultDelaySchema, delay, new Set(['fixed_delay', 'percentage']));
  const share = shareOf(delay.percentage, place);
  const { faultDelaySecifier: how } = delay;
  if (how.case === undefined) place.in('fixed_delay').refuse('is required');
  if (how.case !== 'fixedDelay') return undefined;
  const ms = acceptDuration(how.value, place.in('fixed_delay'));
  if (ms === 0) place.in('fixed_delay').refuse('must be above 0');
  return share === 0 ? undefined : { ms, share };
}

function compileAbort(abort: FaultAbort, place: Place): Fault['abort'] {
  place.allow(FaultAbortSchema, abort, new Set(['http_status', 'percentage']));
  const share = shareOf(abort.percentage, place);
  const { errorType: how } = abort;
  if (how.case === undefined) place.in('http_status').refuse('is required');
  if (how.case !== 'httpStatus') return undefined;
  if (how.value < 200 || how.value > 599) place.in('http_status').refuse('must be between 200 and 599');
  return share === 0 ? undefined : { status: how.value, share };
}

/** As in Envoy, a fault that names no percentage never happens. */
function shareOf(percentage: FractionalPercent | undefined, place: Place): PerMillion {
  return percentage === undefined ? 0 : compileFraction(percentage, place.in('percentage'));
}
