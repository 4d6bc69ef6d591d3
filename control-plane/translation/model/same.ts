/** Plain data, built or stored in one order of members: equal text is equal content. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
