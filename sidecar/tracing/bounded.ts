/** What one span may hold: what a request says of itself is a stranger's word. */
export const MAX_VALUE_LENGTH = 1024;
export const MAX_NAME_LENGTH = 128;
export const MAX_EVENTS = 32;
export const MAX_EVENT_ATTRIBUTES = 8;
/** Tries of a request that get a span. */
export const MAX_TRY_SPANS = 32;

/** At most that many characters. */
export function bounded(text: string, length: number = MAX_VALUE_LENGTH): string {
  return text.length <= length ? text : owned(text.slice(0, length));
}

/**
 * The same text, without what it was cut out of: V8's slices hold on to the whole, which may be a head of 60 KiB, and
 * thousands of spans wait for a collector that is away.
 */
export function owned(slice: string): string {
  return Buffer.from(slice, 'utf8').toString('utf8');
}
