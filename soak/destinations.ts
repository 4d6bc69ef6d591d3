/** Where a captured connection was going is told by the address that it comes from: `127.77.0.N` goes to number N. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

const PREFIX = '127.77.0.';

/** The local address of clients that want to get to destination `index`. */
export function sourceFor(index: number): string {
  return `${PREFIX}${index + 1}`;
}

/** Where a connection from `source` was going; undefined when it was not redirected. */
export function addressOf(destinations: readonly Destination[], source: string): Destination | undefined {
  const plain = source.startsWith('::ffff:') ? source.slice(7) : source;
  return plain.startsWith(PREFIX) ? destinations[Number(plain.slice(PREFIX.length)) - 1] : undefined;
}
