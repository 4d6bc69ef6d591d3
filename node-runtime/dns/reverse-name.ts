const REVERSE = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/;

/** The address that `4.3.2.1.in-addr.arpa` asks about. */
export function reverseAddress(name: string): string | undefined {
  const match = REVERSE.exec(name);
  if (match === null) return undefined;
  const parts = match.slice(1).reverse();
  return parts.every((part) => Number(part) <= 255) ? parts.map(Number).join('.') : undefined;
}
