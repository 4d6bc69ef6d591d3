/** A source of uniform numbers in [0, 1). Randomness as an argument, so that a seed repeats a run. */
export type Random = () => number;

/** xoshiro128**: small, fast and good enough for balancing; never for secrets. */
export function seededRandom(seed: number): Random {
  const next = splitMix32(seed);
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const t = b << 9;
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return (result >>> 0) / 0x1_0000_0000;
  };
}

/** Spreads a 32-bit seed over the generator's state. */
function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
}

export const systemRandom: Random = seededRandom(
  (Number(process.hrtime.bigint() & 0xffff_ffffn) ^ (process.pid << 16)) | 0,
);
