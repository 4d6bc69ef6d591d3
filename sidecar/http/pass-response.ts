/** Passes the head of a response on to the side that the request came from. */
import type { Body } from './body.ts';
import type { Downstream } from './downstream.ts';
import type { Ending } from './ending.ts';
import type { Head } from './head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { ConnectionNote } from './write-head.ts';

/** The head, and what came with it of the body; `minor` is the version of the client. Returns the offset after what was taken, or a fault. */
export function passHead(
  downstream: Downstream,
  minor: number,
  bytes: Buffer,
  head: Head,
  body: Body,
  at: number,
  length: number,
): number {
  const { response } = downstream;
  const must = response.choose(head, body, minor);
  if (must || downstream.restUnwanted || downstream.draining) downstream.closing = true;
  return response.first(bytes, head, noteFor(downstream.closing, minor), body, at, length);
}

/** What a client of HTTP/1.`minor` has to be told of its connection: to one of 1.0 it ends unless it is said. */
export function noteFor(closing: boolean, minor: number): ConnectionNote {
  if (closing) return 'close';
  return minor === 0 ? 'keep-alive' : 'silent';
}

/** A 101, after which both connections carry another protocol; `over` comes when they are closed, with the reason. */
export function passSwitch(
  downstream: Downstream,
  connection: UpstreamConnection,
  bytes: Buffer,
  head: Head,
  at: number,
  length: number,
  over: (ending: Ending) => void,
): void {
  const { response } = downstream;
  response.informational(bytes, head, 'upgrade');
  if (length > at) response.wire.sendCopy(bytes, at, length);
  downstream.tunnel(connection.surrender(), (ending) => {
    connection.surrenderedWireClosed();
    over(ending);
  });
}
