/** Makes of a scanned request the one that is sent upstream. */
import type { RequestTrace } from '#sidecar/tracing/request-tracing.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { AddedLines } from './added-lines.ts';
import type { DeadlineBudget } from './deadline-budget.ts';
import { DEADLINE_LINE_BYTES, deadlineOffset, putDeadlineLine } from './deadline-line.ts';
import type { OutgoingRequest } from './downstream.ts';
import { type Head, NO_LINE } from './head.ts';
import { HeadLines } from './head-lines.ts';
import type { MessageEdits } from './message-edits.ts';
import { put } from './octets.ts';
import type { RequestChanges } from './request-changes.ts';
import { isHeadRequest, isIdempotent, passesUpgrade } from './request-traits.ts';
import { attemptOffset, requestHeadBound, traceOffset, writeRequest } from './write-head.ts';

/** The buffer of a connection serves request after request up to this size; larger requests get one of their own. */
const KEPT_BYTES = 4096;
const NO_BYTES = Buffer.alloc(0);

export class RequestComposer {
  readonly #added: AddedLines;
  readonly #original: OriginalDestination;
  readonly #fallbackHost: Buffer;
  readonly #lines: HeadLines | undefined;
  #buffer: Buffer = NO_BYTES;
  /** The part of the buffer that the last request filled. Most requests of a connection are as long as the one before. */
  #filled: Buffer = NO_BYTES;

  /** `noted`: lines of what is composed will be asked for. */
  constructor(added: AddedLines, original: OriginalDestination, fallbackHost: string, noted = false) {
    this.#lines = noted ? new HeadLines() : undefined;
    this.#added = added;
    this.#original = original;
    this.#fallbackHost = Buffer.from(fallbackHost);
  }

  /** The request with `head` and the body bytes `bytes[bodyStart, bodyEnd)`, told of in `trace` if it is recorded. The one composed before must be over. */
  compose(
    bytes: Buffer,
    head: Head,
    bodyStart: number,
    bodyEnd: number,
    countAttempts: boolean,
    changes: RequestChanges | undefined,
    budget: DeadlineBudget | undefined,
    trace?: RequestTrace,
  ): OutgoingRequest {
    const upgrade = passesUpgrade(bytes, head);
    const traced = trace === undefined ? NO_BYTES : linesOf(trace, changes?.edits);
    const passage = { upgrade, countAttempts, fallbackHost: this.#fallbackHost, changes, traced };
    const bound = requestHeadBound(head, this.#added, passage) + DEADLINE_LINE_BYTES + bodyEnd - bodyStart;
    const out = this.#bufferFor(bound);
    const written = writeRequest(out, bytes, head, this.#added, passage);
    const headLength = budget === undefined ? written : putDeadlineLine(out, written);
    const sent = this.#first(put(out, headLength, bytes, bodyStart, bodyEnd), out);
    const lines = changes === undefined && !head.absolute ? this.#lines : undefined;
    lines?.readOn(sent, head, upgrade ? head.upgradeLine : NO_LINE);
    return {
      bytes: sent,
      lines,
      attemptAt: countAttempts ? attemptOffset(written) : 0,
      trace,
      traceAt: traced.length === 0 ? 0 : traceOffset(written, countAttempts, traced.length),
      minor: head.minor,
      headOnly: isHeadRequest(bytes, head),
      upgrade,
      repeatable: !head.chunked && head.contentLength <= 0 && isIdempotent(bytes, head),
      original: this.#original,
      rewritten: changes?.path !== undefined,
      deadlineAt: budget === undefined ? 0 : deadlineOffset(headLength),
      budget,
      remembered: undefined,
      hash: undefined,
    };
  }

  #bufferFor(bound: number): Buffer {
    if (bound > KEPT_BYTES) return Buffer.allocUnsafe(bound);
    if (this.#buffer.length < bound) {
      this.#buffer = Buffer.allocUnsafe(Math.min(KEPT_BYTES, 2 * bound));
      this.#filled = NO_BYTES;
    }
    return this.#buffer;
  }

  #first(length: number, out: Buffer): Buffer {
    if (out !== this.#buffer) return out.subarray(0, length);
    if (this.#filled.length !== length) this.#filled = out.subarray(0, length);
    return this.#filled;
  }
}

/** A rule that decides on the traceparent decides on the whole context: other formats would contradict it. */
function linesOf(trace: RequestTrace, edits: MessageEdits | undefined): Buffer {
  if (edits === undefined) return trace.lines;
  if (edits.governs('traceparent')) return NO_BYTES;
  trace.yieldTo((name) => edits.governs(name));
  return trace.lines;
}
