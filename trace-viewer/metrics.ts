import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { IntakeCounts } from './intake/intake.ts';
import type { StoreCounts } from './store/trace-store.ts';

/** What the viewer says of itself. The counts are kept where they arise and are read when they are asked for. */
export function createMetrics(
  intake: IntakeCounts,
  store: StoreCounts,
  connectionsRefused: () => number,
): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `weft_traces_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `weft_traces_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  counter('requests', 'Requests of tracers, taken or not.', () => intake.requests);
  counter('requests_invalid', 'Requests that could not be read.', () => intake.requestsInvalid);
  counter('requests_limited', 'Requests beyond what an address may send.', () => intake.requestsTooMuch);
  counter('connections_refused', 'Connections beyond what an address may have.', connectionsRefused);
  counter('spans_received', 'Spans that were taken.', () => intake.spans);
  counter('spans_invalid', 'Spans without valid ids.', () => intake.spansInvalid);
  counter('spans_refused', 'Spans beyond what one trace may have.', () => store.spansRefused);
  counter('spans_dropped', 'Spans that made way for newer ones.', () => store.spansDropped);
  counter('dropped', 'Traces that made way for newer ones.', () => store.tracesDropped);
  gauge('kept', 'Traces that are kept.', () => store.traces);
  gauge('spans_kept', 'Spans that are kept.', () => store.spans);
  gauge('kept_bytes', 'What the kept spans take of memory.', () => store.bytes);
  return registry;
}
