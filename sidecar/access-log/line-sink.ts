/** Where whole lines go; never blocks and never throws. */
export interface LineSink {
  /** Takes a copy of octets `start` to `end`, whole lines; false: there was no room, and they are lost. */
  write(octets: Uint8Array, start: number, end: number): boolean;
}
