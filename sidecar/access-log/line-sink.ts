/** Where lines go; never blocks and never throws. */
export interface LineSink {
  /** One line with its end, one character an octet. False: there was no room, and it is lost. */
  write(line: string): boolean;
  /** Lines that were handed to the system so far. */
  readonly written: number;
  /** Lines that were lost: nobody read them in time. */
  readonly dropped: number;
}
