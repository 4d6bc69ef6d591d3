/** Numbers that `response.code` may be: 0 where no response was sent. */
const CODES = Array.from({ length: 600 }, (_, code) => code);

const COMPARISON = /^\(?\s*response\.code\s*(==|!=|>=|<=|>|<)\s*(\d{1,6})\s*\)?$/;

/**
 * Whether a filter of access logs is one of the simple ones that hold for no request: `false`, or comparisons of
 * `response.code` that no code meets at once. Of all others it is not known.
 */
export function neverHolds(expression: string): boolean {
  if (expression.trim() === 'false') return true;
  const parts = expression.split('&&').map((part) => COMPARISON.exec(part.trim()));
  if (!parts.every((part) => part !== null)) return false;
  return !CODES.some((code) => parts.every(([, operator, bound]) => meets(code, operator, Number(bound))));
}

function meets(code: number, operator: string | undefined, bound: number): boolean {
  switch (operator) {
    case '==':
      return code === bound;
    case '!=':
      return code !== bound;
    case '>=':
      return code >= bound;
    case '<=':
      return code <= bound;
    case '>':
      return code > bound;
    default:
      return code < bound;
  }
}
