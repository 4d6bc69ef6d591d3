/** How an export ended (OTLP specification, "OTLP/gRPC Response" and "OTLP/HTTP Response"). */
export type Verdict =
  /** `rejected`: spans that the collector did not take, and said so (partial success). */
  | { readonly kind: 'accepted'; readonly rejected: number }
  /** The same again, after a while; `afterMs` where the collector says how long. */
  | { readonly kind: 'later'; readonly why: string; readonly afterMs?: number | undefined }
  /** Never again. */
  | { readonly kind: 'refused'; readonly why: string };

/** The way to a collector. */
export interface Collector {
  /** Sends one export request; always ends, within the exporter's timeout. */
  send(request: readonly Uint8Array[]): Promise<Verdict>;
  /** Ends the connection and what is under way on it. A later `send` connects anew. */
  close(): void;
}

/**
 * A context that asks for no spans (W3C, `sampled` not set), sent with every export: a sidecar beside the collector would
 * trace the exports, and send what it saw of them in exports of its own, without end.
 */
export const UNTRACED = { traceparent: `00-${'f'.repeat(32)}-${'f'.repeat(16)}-00` } as const;

/** Answers are a few bytes; longer ones are not read. */
export const MAX_ANSWER_BYTES = 64 * 1024;
/** What a collector says is repeated in the log. */
const MAX_WORDS = 200;

export function words(text: string): string {
  return text.length <= MAX_WORDS ? text : `${text.slice(0, MAX_WORDS)}…`;
}

export function totalLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
