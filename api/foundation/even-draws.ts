import type { Random } from './random.ts';

/** Weights are mostly percents: a hundred strata meet them exactly. */
const STRATA = 100;

/**
 * Numbers in [0, 1) of which every hundred lie evenly: one in each hundredth, in an order of chance (stratified sampling).
 * A share of 10 % is met by 10 of each 100 draws, where independent ones miss it by about the root of their number: a small
 * split shows after a hundred requests, not after thousands. Steps of a fixed size (Weyl's sequence) are even too, but
 * callers that draw in a rhythm would see them.
 */
export function evenDraws(random: Random): Random {
  const strata = Uint8Array.from({ length: STRATA }, (_, i) => i);
  let drawn = 0;
  return () => {
    const other = drawn + Math.floor(random() * (STRATA - drawn));
    const stratum = strata[other]!;
    strata[other] = strata[drawn]!;
    strata[drawn] = stratum;
    drawn = (drawn + 1) % STRATA;
    return (stratum + random()) / STRATA;
  };
}
