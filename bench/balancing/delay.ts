/** What the servers are told: from now on, this one answers after so long. */
export interface Delay {
  readonly port: number;
  readonly delayMs: number;
}

export const USUAL_DELAY_MS = 5;
