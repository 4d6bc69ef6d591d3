/**
 * What an Envoy is told of how its workload is seen. It refuses a listener whole for one name that it does not know:
 * operators of weft's own are replaced by its nearest, one of Istio's is brought with the extension that it stands for
 * (as Istio brings it), and Istio's metrics are asked only of Envoys that have them.
 */
import {
  type FormatPiece,
  formatText,
  isCommand,
  type JsonLogFormat,
  parseLogFormat,
} from '#api/expressions/log-format.ts';
import type { AccessLogPlan } from './access-log-message.ts';
import type { SidePlan } from './observation.ts';

/** A proxy that is no sidecar of weft's. */
export interface Envoy {
  /** It has Istio's filter of metrics. */
  readonly countsAsIstio: boolean;
}

/** Envoy's own word of why a request failed. */
const REASON = 'UPSTREAM_TRANSPORT_FAILURE_REASON';
const BARE_HEADER = 'REQ_WITHOUT_QUERY';

export function planForEnvoy(plan: SidePlan, { countsAsIstio }: Envoy): SidePlan {
  return {
    ...plan,
    accessLogs: plan.accessLogs.map(logForEnvoy),
    metrics: countsAsIstio ? plan.metrics : [],
  };
}

function logForEnvoy(log: AccessLogPlan): AccessLogPlan {
  const operators = new Set<string>();
  const rewritten = (text: string): string => formatText(parseLogFormat(text).map(known));
  const known = (piece: FormatPiece): FormatPiece => {
    if (!isCommand(piece)) return piece;
    operators.add(piece.operator);
    return piece.operator === 'WEFT_REASON' ? { ...piece, operator: REASON } : piece;
  };
  const format =
    'text' in log.format
      ? { text: rewritten(log.format.text) }
      : { json: mapTexts(log.format.json, rewritten) };
  return { ...log, format, bareHeaders: operators.has(BARE_HEADER) };
}

function mapTexts(format: JsonLogFormat, change: (text: string) => string): JsonLogFormat {
  return Object.fromEntries(
    Object.entries(format).map(([name, value]) => [
      name,
      typeof value === 'string' ? change(value) : typeof value === 'object' ? mapTexts(value, change) : value,
    ]),
  );
}
