/** Draws and pauses of a visit. */
import type { Random } from '#api/foundation/random.ts';

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

/** A whole number from 0 on, below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** Resolves after a part of `maxMs` that is drawn. */
export function pause(random: Random, maxMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random() * maxMs));
}
