import { READ_BYTES } from '#sidecar/tcp/write-buffer.ts';

/** Longest head of a request or response, bytes: Envoy's `max_request_headers_kb`. More is 431, or 502 from an app. */
export const MAX_HEAD_BYTES: number = 60 * 1024;

/** Most header lines of a head: Envoy's `max_headers_count`. */
export const MAX_HEAD_LINES = 100;

/** Most header names in Connection: each is looked for among all lines, and no message has more lines by default. */
export const MAX_NOMINATIONS = 100;

/** Longest request target, as a share of the longest head: more is 414. */
export const TARGET_SHARE = 0.5;

/** Longest request target where heads have their default size, bytes. RFC 9112 §3 asks for 8000 at least. */
export const MAX_TARGET_BYTES: number = TARGET_SHARE * MAX_HEAD_BYTES;

/** What can be configured ends here: an incomplete head is scanned again with each line that comes. */
export const HIGHEST_HEAD_BYTES: number = 256 * 1024;
export const HIGHEST_HEAD_LINES = 1000;

/**
 * How far a client may run ahead of its responses, bytes: what one read brings beyond the present request is kept, and
 * nothing more is read until that request is answered.
 */
export const PIPELINED_BYTES: number = READ_BYTES;

/** Longest chunk-size line with its extensions, bytes: far above any use, small enough to give no cover to abuse. */
export const MAX_CHUNK_LINE_BYTES = 4096;

/** Most bytes of a trailer section: as a head, but nobody sends a long one. */
export const MAX_TRAILER_BYTES = 8192;

/** Most 1xx responses in front of a final one. More come from an app that never answers, and are 502; Go's client takes five. */
export const MAX_INFORMATIONAL = 100;

/**
 * How much of a request body nobody wants is read and thrown away so that its connection can be kept. Beyond it,
 * a new connection is cheaper than the reading.
 */
export const MAX_DISCARDED_BYTES: number = 256 * 1024;

/** After the last response on a connection that must close, how long the peer's bytes are read and dropped (RFC 9112 §9.6). */
export const LINGER_MS = 2_000;

/** How long the last bytes of a response may take to a slow reader before its closing connection is cut: Envoy's stream idle timeout. */
export const FLUSH_MS = 300_000;

/** After an early response was sent whole, how long the rest of the request body may take. */
export const UPLOAD_TAIL_MS = 30_000;

/**
 * While draining, an idle connection is closed after this: longer than a caller holds a connection that it used to be
 * surely open (`SURELY_OPEN_MS`), so that no request that cannot be repeated meets the closing.
 */
export const DRAIN_IDLE_MS = 1_500;
