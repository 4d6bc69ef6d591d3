/**
 * JSON text that is equal for equal values: members in a fixed order, absent and undefined ones alike. For comparing
 * and hashing what went through the API and what is about to.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}
