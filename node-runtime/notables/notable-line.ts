/** Reads what a sidecar tells (api/mesh/notable.ts). A sidecar is ours, but it speaks with everybody: nothing is taken on trust. */
import { z } from 'zod';
import { BREAKERS, CAUSES, type Missed, type Notable } from '#api/mesh/notable.ts';

/** A line that is longer comes from no sidecar. */
export const MAX_LINE = 2_048;

const Service = z
  .string()
  .max(253)
  .regex(/^[a-z0-9*][-a-z0-9._*]*$/i);
const Endpoint = z
  .string()
  .max(280)
  .regex(/^[-\w.:[\]%/@]+$/);
const numbered = { boot: z.string().regex(/^[a-z0-9]{1,32}$/), seq: z.int().min(1) };
const happened = { ...numbered, atMs: z.number().min(0), service: Service };

const Line = z.union([
  z.discriminatedUnion('what', [
    z.strictObject({
      ...happened,
      what: z.literal('ejected'),
      endpoint: Endpoint,
      cause: z.enum(CAUSES),
      forMs: z.number().min(0).max(86_400_000),
    }),
    z.strictObject({ ...happened, what: z.literal('returned'), endpoint: Endpoint }),
    z.strictObject({
      ...happened,
      what: z.literal('breaker-opened'),
      breaker: z.enum(BREAKERS),
      limit: z.number().min(0),
    }),
    z.strictObject({
      ...happened,
      what: z.literal('breaker-closed'),
      breaker: z.enum(BREAKERS),
      refused: z.int().min(0),
    }),
  ]),
  z.strictObject({ ...numbered, missed: z.int().min(1) }),
]) satisfies z.ZodType<Notable | Missed>;

/** Undefined for an empty line. Throws for one that says something else than it may. */
export function readLine(text: string): Notable | Missed | undefined {
  if (text === '') return undefined;
  if (text.length > MAX_LINE) throw new Error(`a line of ${text.length} characters`);
  return Line.parse(JSON.parse(text));
}
