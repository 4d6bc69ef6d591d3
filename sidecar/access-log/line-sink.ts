/** Where lines go; never blocks and never throws. */
export interface LineSink {
  /** One line with its end, in ASCII. False: there was no room, and it is lost. */
  write(line: string): boolean;
}
