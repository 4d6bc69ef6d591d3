import type { InputChange } from '#control-plane/translation/model/inputs.ts';
import type { Inbound, PushMetrics, Trigger } from './metrics.ts';

/** Counts what one batch brings in istiod's words: each change once, and each reason to push once a batch. */
export function countBatch(
  changes: readonly InputChange[],
  metrics: Pick<PushMetrics, 'received' | 'triggered'>,
): void {
  for (const change of changes) metrics.received(inboundOf(change));
  for (const why of new Set(changes.map(triggerOf))) metrics.triggered(why);
}

function inboundOf({ kind, object }: InputChange): Inbound {
  if (kind === 'EndpointSlice') return 'eds';
  if (kind === 'Service') return object === undefined ? 'svcdelete' : 'svc';
  return 'config';
}

function triggerOf({ kind }: InputChange): Trigger {
  switch (kind) {
    case 'EndpointSlice':
      return 'endpoint';
    case 'Service':
    case 'ServiceEntry':
      return 'service';
    case 'Pod':
    case 'Node':
      return 'proxy';
    case 'Secret':
      return 'secret';
    default:
      return 'config';
  }
}
