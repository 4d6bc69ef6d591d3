/** A program that ends while it starts will not come up: no use in waiting. */
export class Ended extends Error {}

const DEADLINE_MS = 60_000;
const LOOK_MS = 20;

/** Looks again and again until there is something to see. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const start = performance.now();
  let last: unknown;
  while (performance.now() - start < deadlineMs) {
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
    } catch (error) {
      if (error instanceof Ended) throw error;
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(
    `not within ${deadlineMs / 1000} s: ${what}${last === undefined ? '' : ` (${String(last)})`}`,
  );
}
