/**
 * The account of a connection's present request: what metrics, access logs and traces say of it when it is over. One
 * instance serves request after request. Where nobody reads more than the standard metrics, a request costs a few stores.
 */
import { flagsOf, type ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { RouteDecision } from '#sidecar/routing/route-table.ts';
import { socketAddress } from '#sidecar/tcp/socket-address.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { RequestTrace } from '#sidecar/tracing/request-tracing.ts';
import type { OriginalDestination, ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { OutgoingRequest } from './downstream.ts';
import { type Ending, VIA_UPSTREAM } from './ending.ts';
import type { Head } from './head.ts';
import { HeadLines } from './head-lines.ts';
import type { HeadView } from './head-view.ts';
import type { HttpSettings } from './http-settings.ts';
import type { Caller } from './meters.ts';
import { NEVER, RequestRecordView } from './request-record.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { Tries } from './tries.ts';

/** A connection keeps its memory for response heads up to this size. */
const KEPT_BYTES = 8192;
const NO_BYTES = Buffer.alloc(0);

export class RequestAccount {
  readonly settings: HttpSettings;
  readonly wire: Wire;
  readonly original: OriginalDestination;
  readonly response: ResponseWriter;
  /** The head as it came, while `shown`. */
  readonly view: HeadView;
  shown = false;
  caller: Caller | undefined;
  /** Minor version of HTTP that the client speaks. */
  minor = 1;
  startMs = 0;
  /** The same, milliseconds since the epoch. */
  startWallMs = 0;
  /** Bytes of the request so far, head included, and those of its head. */
  requestBytes = 0;
  headBytes = 0;
  /** Those of its chunks without their framing; undefined where it has none, or nobody asks. */
  chunkBytes: number | undefined;
  /** A rule held it back. */
  delayed = false;
  /** What was decided; undefined before. */
  decision: RouteDecision | undefined;
  /** What is sent of it; undefined before there is any. */
  outgoing: OutgoingRequest | undefined;
  tries: Tries | undefined;
  trace: RequestTrace | undefined;
  /** Somebody reads more of it than metrics do. Addresses, times and heads are kept only then. */
  watched = false;
  /** When the request had come whole, and when the first of its response went out. */
  wholeMs: number = NEVER;
  answeredMs: number = NEVER;
  client = '';
  /** The response's head, as it came or was made here. */
  responseHead: Buffer = NO_BYTES;
  /** Its lines, where they are known and a log may ask for them. */
  responseLines: HeadLines | undefined;
  status = 0;
  flag: ResponseFlag = '-';
  ending: Ending = VIA_UPSTREAM;
  endMs = 0;
  /** Requests so far, so that what was read of one is not taken for another. */
  serial = 0;
  #memory: Buffer = NO_BYTES;
  #lines: HeadLines | undefined;
  #local: string | undefined;
  #record: RequestRecordView | undefined;

  constructor(
    settings: HttpSettings,
    wire: Wire,
    original: OriginalDestination,
    response: ResponseWriter,
    view: HeadView,
  ) {
    this.settings = settings;
    this.wire = wire;
    this.original = original;
    this.response = response;
    this.view = view;
  }

  /** A request begins, of which nothing is known yet. */
  open(nowMs: number): void {
    const { accessLog, tagged } = this.settings;
    this.serial += 1;
    this.shown = false;
    this.startMs = nowMs;
    this.requestBytes = 0;
    this.headBytes = 0;
    this.chunkBytes = undefined;
    this.response.countsPayload = false;
    this.delayed = false;
    this.decision = undefined;
    this.outgoing = undefined;
    this.tries = undefined;
    this.trace = undefined;
    this.watched = accessLog !== undefined || tagged === true;
    if (this.watched) this.#watch();
  }

  /** Its head was scanned: decides whether it is recorded. */
  beginTrace(bytes: Buffer, head: Head): void {
    this.trace = this.settings.tracing?.begin(bytes, head, this.startMs);
    if (this.trace === undefined || this.watched) return;
    this.watched = true;
    this.#watch();
  }

  /** The last byte of the request has come. */
  whole(): void {
    if (this.watched) this.wholeMs = this.settings.clock.nowMs();
  }

  /** Where its connection was going. */
  get local(): string {
    const { address, port } = this.original;
    this.#local ??= socketAddress(address, port);
    return this.#local;
  }

  /** The response begins with the head `bytes[start, end)`, which was scanned as `head`, or made here. */
  answered(bytes: Buffer, start: number, end: number, head?: Head): void {
    if (!this.watched) return;
    this.answeredMs = this.settings.clock.nowMs();
    const length = end - start;
    let memory = this.#memory;
    if (memory.length < length) {
      memory = Buffer.allocUnsafe(Math.max(1024, length));
      this.#memory = memory.length <= KEPT_BYTES ? memory : NO_BYTES;
    }
    bytes.copy(memory, 0, start, end);
    this.responseHead = memory.subarray(0, length);
    if (head === undefined || this.settings.accessLog === undefined) return;
    this.#lines ??= new HeadLines();
    this.#lines.readScanned(this.responseHead, head);
    this.responseLines = this.#lines;
  }

  /** The request is over; to be called once. `service` and `endpoint` are what metrics count it for. */
  close(
    status: number,
    ending: Ending,
    endMs: number,
    service: ServiceIdentity,
    endpoint: Endpoint | undefined,
  ): void {
    const { settings, startMs, requestBytes, response } = this;
    const flag = this.delayed ? flagsOf('DI', ending.flag) : ending.flag;
    const meter = settings.meters.of(service, endpoint, this.caller);
    if (!this.watched) {
      meter.observe(status, flag, endMs - startMs, requestBytes, response.sent);
      return;
    }
    this.status = status;
    this.flag = flag;
    this.ending = ending;
    this.endMs = endMs;
    this.#record ??= new RequestRecordView(this);
    meter.observe(status, flag, endMs - startMs, requestBytes, response.sent, this.#record);
    settings.accessLog?.write(this.#record);
    this.trace?.end(this.#record, endMs);
  }

  /** Addresses of a connection are gone when it is. */
  #watch(): void {
    const { socket } = this.wire;
    if (this.client === '') this.client = socketAddress(socket.remoteAddress, socket.remotePort);
    this.response.countsPayload = true;
    this.startWallMs = this.settings.clock.wallMs();
    this.wholeMs = NEVER;
    this.answeredMs = NEVER;
    this.responseHead = NO_BYTES;
    this.responseLines = undefined;
  }
}
