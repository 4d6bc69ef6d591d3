/** Longest head of a request or response, bytes: Envoy's `max_request_headers_kb`. More is 431, or 502 from an app. */
export const MAX_HEAD_BYTES: number = 60 * 1024;

/** Most header lines of a head: Envoy's `max_headers_count`. */
export const MAX_HEAD_LINES = 100;

/** Longest request target, bytes: half of the head. More is 414. RFC 9112 §3 asks for 8000 at least. */
export const MAX_TARGET_BYTES: number = 30 * 1024;

/** Longest chunk-size line with its extensions, bytes: far above any use, small enough to give no cover to abuse. */
export const MAX_CHUNK_LINE_BYTES = 4096;

/** Most bytes of a trailer section: as a head, but nobody sends a long one. */
export const MAX_TRAILER_BYTES = 8192;

/**
 * How much of a request body nobody wants is read and thrown away so that its connection can be kept. Beyond it,
 * a new connection is cheaper than the reading.
 */
export const MAX_DISCARDED_BYTES: number = 256 * 1024;

/** A head that began must be complete within this time; less patience would hurt people typing into telnet. */
export const HEAD_TIMEOUT_MS = 60_000;

/** How long a connection without a request stays open: Envoy's default for HTTP connections. */
export const DOWNSTREAM_IDLE_MS = 3_600_000;

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
