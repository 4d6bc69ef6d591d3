import { constants, getPriority, setPriority } from 'node:os';

/**
 * What this program starts while the result is held runs before the other programs of the machine, as far as this is allowed (it
 * is root's to ask): times of a millisecond would otherwise tell of whatever else the machine does. All subjects have it alike.
 */
export function firstInLine(): Disposable {
  const before = getPriority();
  prioritise(constants.priority.PRIORITY_HIGHEST);
  return { [Symbol.dispose]: () => prioritise(before) };
}

function prioritise(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Without root everything runs as the others do; the reported lateness tells what that came to.
  }
}
