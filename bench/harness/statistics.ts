/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const above = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (above + (sorted[middle - 1] ?? Number.NaN)) / 2 : above;
}

/**
 * Median over the rounds of the quotients, not quotient of the medians: what disturbed a round disturbed both sides of its
 * quotient. `ours` and `theirs` have one value a round. A difference that noise made zero or negative has no quotient;
 * undefined unless most of the rounds have one.
 */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number | undefined {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} rounds against ${theirs.length}`);
  const rounds = ours.map((value, round) => [value, theirs[round]!] as const);
  const told = rounds.filter(([our, their]) => our > 0 && their > 0);
  return told.length * 2 > rounds.length ? median(told.map(([our, their]) => our / their)) : undefined;
}
