/** The seed of this run: the same each time, unless `WEFT_SEED` names another one or says `random`. */
export function seedOfRun(): number {
  const asked = process.env['WEFT_SEED'] ?? '20260101';
  const seed = asked === 'random' ? Date.now() % 2 ** 32 : Number(asked);
  if (!Number.isInteger(seed))
    throw new Error(`WEFT_SEED must be a whole number or "random", not "${asked}"`);
  console.log(`seed ${seed} (WEFT_SEED=${seed} repeats this run)`);
  return seed;
}
