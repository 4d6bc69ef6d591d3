import type { Deadline } from '#sidecar/tcp/deadlines.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { RequestTrace } from '#sidecar/tracing/request-tracing.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { DeadlineBudget } from './deadline-budget.ts';
import type { Remembered } from './deadline-memory.ts';
import type { Ending } from './ending.ts';
import type { HeadLines } from './head-lines.ts';
import type { LocalReply } from './local-reply.ts';
import type { RequestAccount } from './request-account.ts';
import type { ResponseWriter } from './response-writer.ts';

/** A request, ready to be sent, and what has to be known of it. */
export interface OutgoingRequest {
  /** Head and the body bytes that came with it, unchanged until the exchange is over. */
  readonly bytes: Buffer;
  /** The lines of its head, where somebody is going to ask for them and they could be told without a scan. */
  readonly lines?: HeadLines | undefined;
  /** Where the number of the try stands in `bytes`; 0 when it is not told. */
  readonly attemptAt: number;
  /** Minor version of the downstream. */
  readonly minor: number;
  readonly headOnly: boolean;
  /** May become another protocol. */
  readonly upgrade: boolean;
  /** Safe to send twice, and whole in `bytes` (RFC 9110 §9.2.2). */
  readonly repeatable: boolean;
  readonly original: OriginalDestination;
  /** It asks for another path than its sender, and a line of this proxy says for which one that asked. */
  readonly rewritten: boolean;
  /** Where the number of milliseconds that are left stands in `bytes`; 0 when it is not told. */
  readonly deadlineAt: number;
  /** How long it may take; undefined: as long as it likes. */
  readonly budget: DeadlineBudget | undefined;
  /** Kept for the calls that the app makes for it. */
  remembered: Remembered | undefined;
  /** Undefined: it is not recorded. */
  readonly trace: RequestTrace | undefined;
  /** Where the lines of the trace stand in `bytes`; 0 when there are none. */
  readonly traceAt: number;
  /** For clusters that balance by hash. */
  hash: number | undefined;
}

/** The side that a request came from, as its exchange needs it. */
export interface Downstream {
  readonly response: ResponseWriter;
  /** Expires through `Exchange.onDeadline`. */
  readonly deadline: Deadline;
  /** The connection ends with this response. */
  closing: boolean;
  /** Connections are wanted to end as soon as they can. */
  readonly draining: boolean;
  /** The whole request has come. */
  readonly requestComplete: boolean;
  /** The rest of the request is too long to be read for nothing, or may never come. */
  readonly restUnwanted: boolean;
  readonly account: RequestAccount;
  /** What decides whether to read on has changed. */
  adjustReading(): void;
  /** Answers in place of an upstream. */
  reply(reply: LocalReply): void;
  /** The response is sent whole while the request still comes. */
  answered(): void;
  /** The response is sent whole, and the rest of the request, if any, is not passed on. */
  exchangeOver(): void;
  /** Cuts the response off, so that it cannot be taken for complete. */
  abort(): void;
  /** Both wires carry another protocol from now on; `closed` hears that it is over, and why. */
  tunnel(upstream: Wire, closed: (ending: Ending) => void): void;
}
