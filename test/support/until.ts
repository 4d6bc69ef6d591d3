/**
 * Waits for `predicate` to hold, letting everything else run in between; the test's own timeout is the limit. `tick`
 * runs before each look, to move a clock on.
 */
export async function until(
  predicate: () => boolean | Promise<boolean>,
  tick: () => void = () => {},
): Promise<void> {
  for (tick(); !(await predicate()); tick()) await new Promise((resolve) => setImmediate(resolve));
}
