/** Random requests in random pieces: the app sees what the codec judged, and whoever comes next gets its own answer. */
import fc from 'fast-check';
import { test } from 'vitest';
import { randomPayload } from './fragments.ts';
import { startNodeOrigin } from './node-origin.ts';
import { replay, startSidecarBefore } from './replay.ts';

/** Pieces end at these offsets, taken modulo the length. */
const cuts = fc.array(fc.nat(), { maxLength: 4 });

function cutAt(bytes: string, offsets: readonly number[]): readonly string[] {
  const ends = [...new Set([...offsets.map((offset) => offset % (bytes.length + 1)), bytes.length])];
  const sorted = [0, ...ends.sort((a, b) => a - b)];
  return sorted.slice(1).map((end, i) => bytes.slice(sorted[i], end));
}

test('what is made of random pieces stays in step', async () => {
  await using origin = await startNodeOrigin();
  await using sidecar = await startSidecarBefore(origin);
  await fc.assert(
    fc.asyncProperty(randomPayload, cuts, async (payload, offsets) => {
      try {
        await replay(sidecar, origin, payload, (bytes) => cutAt(bytes, offsets));
      } catch (error) {
        await origin.taken(0);
        throw error;
      }
    }),
    { numRuns: Number(process.env['WEFT_FUZZ_RUNS'] ?? 600) },
  );
});
