import { z } from 'zod';
import { parseDuration } from '#api/foundation/duration.ts';

/** Proxies cannot set a timer further ahead, and refuse what asks for it. */
const MAX_TIMER_MS = 24 * 86_400_000;

/** Istio's protobuf Duration in YAML: Go syntax, at least 1 ms. */
export const IstioDuration = z.string().refine((text) => isTimer(parseDuration(text) ?? 0), {
  message: 'must be a duration from 1ms to 576h (24 days), such as 500ms or 2s',
});

/** A duration that may be zero: `0s` switches off what it measures. */
export const DurationOrZero = z.string().refine(
  (text) => {
    const ms = parseDuration(text);
    return ms === 0 || isTimer(ms ?? 0);
  },
  { message: 'must be 0s or a duration from 1ms to 576h (24 days), such as 500ms or 2s' },
);

function isTimer(ms: number): boolean {
  return ms >= 1 && ms <= MAX_TIMER_MS;
}

/** Istio StringMatch: exactly one of the three. `regex` is RE2 and matches the whole value. */
export const StringMatch = z.union([
  z.strictObject({ exact: z.string() }),
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ regex: z.string() }),
]);
export type StringMatch = z.infer<typeof StringMatch>;

/** Istio header match: `{}` asks for the header to be present. */
export const HeaderMatch = z.union([StringMatch, z.strictObject({})]);
export type HeaderMatch = z.infer<typeof HeaderMatch>;

/** Istio Percent: 0 to 100, fractions down to 0.0001. */
export const Percent = z.strictObject({ value: z.number().min(0).max(100).default(0) });
export type Percent = z.infer<typeof Percent>;

export const PortNumber = z.int().min(1).max(65535);
export const PortSelector = z.strictObject({ number: PortNumber });

/** Labels that must all be carried. */
export const LabelMap = z.record(z.string(), z.string());

/** `.` is the object's own namespace, `*` every one, `~` none; else a namespace's name (Istio exportTo). */
export const ExportTo = z.array(z.string().min(1));
