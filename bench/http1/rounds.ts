/** How long the scenarios of the data path run: enough rounds for a median, each long enough for the kernel's 10 ms clock. */
export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
  /** Compilers that work while a program runs need seconds, not requests. */
  readonly warmUpSeconds: number;
}

/** `goal`: a figure that the project promises hangs on it, so it gets more rounds where all have to be short. */
export function roundsOf(quick: boolean, weight: 'goal' | 'other' = 'other'): Rounds {
  if (!quick) return { rounds: 9, seconds: 3, warmUpSeconds: 5 };
  return { rounds: weight === 'goal' ? 5 : 3, seconds: 1, warmUpSeconds: 2 };
}
