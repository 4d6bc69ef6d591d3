/** What logs, spans and tags read of a request that is over: a view of its account, where nothing is made before it is asked for. */

import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { Found, Octets, RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import type { Peer, Reporter } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { RequestInWords } from './answer-log.ts';
import type { OutgoingRequest } from './downstream.ts';
import { HeadLines } from './head-lines.ts';
import { ORIGINAL_PATH } from './outgoing-in-words.ts';
import type { RequestAccount } from './request-account.ts';

/** A head that was asked for, and whose it is: the record and its request's number. One is enough for all connections. */
interface Scanned {
  readonly lines: HeadLines;
  record: RequestRecordView | undefined;
  serial: number;
}

const request: Scanned = { lines: new HeadLines(), record: undefined, serial: 0 };
const response: Scanned = { lines: new HeadLines(), record: undefined, serial: 0 };

/** The trace id in a `traceparent` (W3C Trace Context §3.2). */
const TRACE_START = 3;
const TRACE_END = 35;

/** A time that has not come. */
export const NEVER = -1;

export class RequestRecordView implements RequestRecord {
  readonly kind = 'request';
  readonly #account: RequestAccount;
  #words: RequestInWords | undefined;
  #wordsSerial = 0;

  constructor(account: RequestAccount) {
    this.#account = account;
  }

  get reporter(): Reporter {
    return this.#account.settings.inbound === true ? 'destination' : 'source';
  }

  get startWallMs(): number {
    return this.#account.startWallMs;
  }

  get durationMs(): number {
    return this.#account.endMs - this.#account.startMs;
  }

  get flag(): ResponseFlag {
    return this.#account.flag;
  }

  get reason(): string {
    return this.#account.ending.reason;
  }

  get details(): string {
    return this.#account.ending.details;
  }

  get status(): number {
    return this.#account.status;
  }

  get downstreamRemote(): string {
    return this.#account.client;
  }

  get downstreamLocal(): string {
    return this.#account.local;
  }

  get peer(): Peer | undefined {
    const { caller } = this.#account;
    return this.reporter === 'destination' ? caller?.peer : this.endpoint?.workload;
  }

  get cluster(): Cluster | undefined {
    const { decision } = this.#account;
    return decision?.kind === 'forward' ? decision.cluster : undefined;
  }

  get endpoint(): Endpoint | undefined {
    return this.#account.tries?.endpoint;
  }

  get upstreamLocal(): string {
    return this.#account.tries?.connection?.local ?? '';
  }

  get serverName(): string {
    const { socket } = this.#account.wire;
    return 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : '';
  }

  get method(): string {
    return this.#inWords?.method ?? '';
  }

  get scheme(): 'http' | 'https' {
    return this.#account.settings.scheme;
  }

  get authority(): string {
    return this.#inWords?.authority ?? '';
  }

  get path(): string {
    return this.#inWords?.path ?? '';
  }

  get protocol(): string {
    const { outgoing, shown, minor } = this.#account;
    if (outgoing === undefined && !shown) return '';
    return minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
  }

  requestHeader(name: string): string | undefined {
    const { outgoing, shown, view } = this.#account;
    if (outgoing === undefined) return shown ? view.header(name) : undefined;
    return this.#requestLines(outgoing).header(name);
  }

  responseHeader(name: string): string | undefined {
    return this.#responseLines?.header(name);
  }

  findRequestHeader(name: string, into: Octets): Found {
    const { outgoing } = this.#account;
    if (outgoing === undefined || name === ':scheme') return 'in-words';
    const lines = this.#requestLines(outgoing);
    switch (name) {
      case ':method':
        return lines.findMethod(into);
      case ':path':
        return outgoing.rewritten ? 'in-words' : lines.findTarget(into);
      case ':authority':
        return lines.find('host', into);
      default:
        return lines.find(name, into);
    }
  }

  findResponseHeader(name: string, into: Octets): Found {
    return this.#responseLines?.find(name, into) ?? 'missing';
  }

  findTraceId(into: Octets): Found {
    const { trace, settings } = this.#account;
    if (trace !== undefined) return 'in-words';
    if (settings.tracing === undefined) return 'missing';
    const result = this.findRequestHeader('traceparent', into);
    if (result !== 'found') return result;
    into.end = Math.min(into.end, into.start + TRACE_END);
    into.start = Math.min(into.end, into.start + TRACE_START);
    return 'found';
  }

  get route(): string {
    const { decision } = this.#account;
    return decision === undefined || decision.kind === 'reject' ? '' : decision.route;
  }

  get tries(): number {
    return this.#account.tries?.count ?? 0;
  }

  get requestBodyBytes(): number {
    const { requestBytes, headBytes, chunkBytes } = this.#account;
    return chunkBytes ?? requestBytes - headBytes;
  }

  get requestBytes(): number {
    return this.#account.requestBytes;
  }

  get responseBodyBytes(): number {
    const { sent, headBytes, framingBytes } = this.#account.response;
    return sent - headBytes - framingBytes;
  }

  get responseBytes(): number {
    return this.#account.response.sent;
  }

  get requestMs(): number | undefined {
    return this.#since(this.#account.wholeMs, this.#account.startMs);
  }

  get firstByteMs(): number | undefined {
    return this.#since(this.#account.answeredMs, this.#account.startMs);
  }

  get upstreamServiceMs(): number | undefined {
    const { tries, answeredMs, ending } = this.#account;
    const answered = ending.details === 'via_upstream' || ending.details.startsWith('upstream_reset_after');
    if (tries === undefined || tries.sentMs === NEVER || !answered) return undefined;
    return this.#since(answeredMs, tries.sentMs);
  }

  get traceId(): string {
    const { trace, settings } = this.#account;
    if (trace !== undefined) return trace.traceId;
    if (settings.tracing === undefined) return '';
    return this.requestHeader('traceparent')?.slice(TRACE_START, TRACE_END) ?? '';
  }

  get spanId(): string {
    return this.#account.trace?.spanId ?? '';
  }

  get sampled(): boolean {
    return this.#account.trace !== undefined;
  }

  get #inWords(): RequestInWords | undefined {
    const { serial, outgoing, shown, view } = this.#account;
    if (outgoing === undefined) return shown ? view : undefined;
    if (this.#wordsSerial !== serial) {
      this.#words = wordsOf(this.#requestLines(outgoing), outgoing.rewritten);
      this.#wordsSerial = serial;
    }
    return this.#words;
  }

  #requestLines({ bytes, lines }: OutgoingRequest): HeadLines {
    return lines ?? this.#linesOf(request, bytes);
  }

  get #responseLines(): HeadLines | undefined {
    const { responseHead, responseLines } = this.#account;
    if (responseLines !== undefined) return responseLines;
    return responseHead.length === 0 ? undefined : this.#linesOf(response, responseHead);
  }

  #linesOf(known: Scanned, bytes: Buffer): HeadLines {
    const { serial } = this.#account;
    if (known.record !== this || known.serial !== serial) {
      known.lines.read(bytes);
      known.record = this;
      known.serial = serial;
    }
    return known.lines;
  }

  #since(ms: number, startMs: number): number | undefined {
    return ms === NEVER ? undefined : ms - startMs;
  }
}

/** A composed request, with the path as it came. */
function wordsOf(lines: HeadLines, rewritten: boolean): RequestInWords {
  const original = rewritten ? lines.header(ORIGINAL_PATH) : undefined;
  return { method: lines.method, path: original ?? lines.target, authority: lines.header('host') ?? '' };
}
