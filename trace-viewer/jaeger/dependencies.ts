/** Who calls whom, and how often, in the traces at hand: Jaeger's `/api/dependencies`. Pure. */
import type { Trace } from '../model/span.ts';

export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

export function dependenciesOf(traces: Iterable<Trace>): Dependency[] {
  const calls = new Map<string, { parent: string; child: string; callCount: number }>();
  for (const { spans } of traces) {
    const services = new Map(spans.map(({ span, origin }) => [span.spanId, origin.service]));
    for (const { span, origin } of spans) {
      const parent = services.get(span.parentId);
      if (parent === undefined || parent === origin.service) continue;
      const key = JSON.stringify([parent, origin.service]);
      const call = calls.get(key) ?? { parent, child: origin.service, callCount: 0 };
      call.callCount += 1;
      calls.set(key, call);
    }
  }
  return [...calls.values()];
}
