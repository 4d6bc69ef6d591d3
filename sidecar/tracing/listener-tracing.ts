import type { Random } from '#api/foundation/random.ts';
import type { Head } from '#sidecar/http/head.ts';
import type { IdSource } from './hex-ids.ts';
import { IncomingContext } from './incoming-context.ts';
import { type Position, RecordedRequest, type Recording } from './recorded-request.ts';
import type { RequestTrace, RequestTracing } from './request-tracing.ts';
import { ALL, isDrawn } from './sampling.ts';
import { RANDOM, SAMPLED } from './traceparent.ts';

/** Tracing of the requests of one listener. */
export class ListenerTracing implements RequestTracing {
  readonly #recording: Recording;
  readonly #ids: IdSource;
  readonly #random: Random;
  readonly #context = new IncomingContext();

  constructor(recording: Recording, ids: IdSource, random: Random) {
    this.#recording = recording;
    this.#ids = ids;
    this.#random = random;
  }

  begin(bytes: Buffer, head: Head, nowMs: number): RequestTrace | undefined {
    const context = this.#context;
    context.read(bytes, head);
    if (this.#decide(bytes, head)) {
      const position = this.#position(bytes, head);
      context.lines.cutAll(bytes, head);
      return new RecordedRequest(this.#recording, position, nowMs);
    }
    context.passOn(bytes, head);
    return undefined;
  }

  #decide(bytes: Buffer, head: Head): boolean {
    const { decision, lines } = this.#context;
    if (decision !== 'undecided') return decision !== 'no';
    const { share, clientShare } = this.#recording.spec;
    if (lines.clientTraceId && this.#random() * ALL < clientShare) return true;
    return isDrawn(bytes, head, share, this.#random);
  }

  #position(bytes: Buffer, head: Head): Position {
    const { lines, decision, hasIds, random } = this.#context;
    return {
      traceId: hasIds ? this.#context.traceId(bytes) : this.#ids.trace(),
      parentSpanId: this.#context.parentSpanId(bytes),
      tracestate: this.#context.tracestate(bytes, head),
      flags: SAMPLED | (hasIds ? random : RANDOM),
      debug: decision === 'debug',
      b3Single: lines.b3Singles > 0,
      b3Parts: lines.b3Parts > 0,
    };
  }
}
