/** What those who use a connection to an endpoint hear from it. */
import type { Body } from './body.ts';
import type { Head } from './head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Hears how an attempt to connect went. */
export interface ConnectListener {
  onConnected(connection: UpstreamConnection): void;
  onConnectFailure(cause: string): void;
}

/** What a connection said before it ended: not a byte, whole 1xx responses alone, or the beginning of a head. */
export type Heard = 'nothing' | 'interim' | 'part';

/** What an exchange hears from the connection that it uses. Bytes are valid only during the call. */
export interface ResponseListener {
  /** The request asked for a head only. */
  readonly headOnly: boolean;
  /** 1xx but 101. */
  onInformational(bytes: Buffer, head: Head): void;
  /** 101: everything after the head, from `rest` on, is of the other protocol. */
  onSwitch(connection: UpstreamConnection, bytes: Buffer, head: Head, rest: number, length: number): void;
  /** The final head, and as much of the body as came with it in `bytes[at, length)`. Returns the offset after what it took, or a fault. */
  onResponse(bytes: Buffer, head: Head, body: Body, at: number, length: number): number;
  onBody(bytes: Buffer, body: Body, at: number, length: number): number;
  /** The body is complete. The connection is the exchange's until it releases or closes it. */
  onComplete(): void;
  onFault(fault: number): void;
  /** Written bytes have left. */
  onDrain(): void;
  /** The connection ended, having said so much of what was not yet handed over. */
  onUpstreamClosed(heard: Heard): void;
}

/** The cause of a connect failure when no answer came in time: the other end may have heard of it. */
export const CONNECT_TIMED_OUT = 'timed out';
