/** Where lines go; never blocks and never throws. */
export interface LineSink {
  /** `octets[0, length)`: one line with its end. False: there was no room, and it is lost. */
  write(octets: Buffer, length: number): boolean;
  /** Lines that were handed to the system so far. */
  readonly written: number;
  /** Lines that were lost: nobody read them in time. */
  readonly dropped: number;
}
