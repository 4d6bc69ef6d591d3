/** The port of `ADDRESS:PORT` or `[ADDRESS]:PORT`; undefined when there is none. */
export function portOf(address: string): number | undefined {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return undefined;
  const port = Number(address.slice(colon + 1));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/** The address alone, without brackets; '' of ''. */
export function addressOf(address: string): string {
  const colon = address.lastIndexOf(':');
  const host = colon < 0 ? address : address.slice(0, colon);
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
