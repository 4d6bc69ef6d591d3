/** How long the scenarios of the data path run: enough rounds for a median, each long enough for the kernel's 10 ms clock. */
export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
  /** Compilers that work while a program runs need seconds, not requests. */
  readonly warmUpSeconds: number;
}

export function roundsOf(quick: boolean): Rounds {
  return quick ? { rounds: 5, seconds: 1, warmUpSeconds: 2 } : { rounds: 9, seconds: 3, warmUpSeconds: 5 };
}
