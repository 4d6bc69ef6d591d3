/** A dotted address without leading zeros, as proxies take it. */
export function isIPv4(text: string): boolean {
  return parseIPv4(text) !== undefined;
}

/** The address as a number; undefined for anything else. */
export function parseIPv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** `A.B.C.D/BITS` */
export function isIPv4Prefix(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  return rest.length === 0 && isIPv4(address) && /^(?:0|[1-9]\d?)$/.test(bits) && Number(bits) <= 32;
}
