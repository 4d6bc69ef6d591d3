const MAPPED = '::ffff:';

/** `ADDRESS:PORT` as logs write it: IPv6 in brackets, IPv4 as such. '' when it is not known. */
export function socketAddress(address: string | undefined, port: number | undefined): string {
  if (address === undefined || port === undefined) return '';
  if (address.startsWith(MAPPED)) return `${address.slice(MAPPED.length)}:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
