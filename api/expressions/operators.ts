/** What CEL's operators make of typed parts. */
import type { Expression } from './expression.ts';
import type { BinaryOperator } from './parse-expression.ts';
import { isNumber, type Type, type Typed } from './typed.ts';

/** Undefined when the operator has no meaning for these types. */
export function binary(operator: BinaryOperator, left: Typed, right: Typed): Typed | undefined {
  switch (operator) {
    case '||':
    case '&&':
      return logical(operator === '||', left, right);
    case '==':
    case '!=':
      return equality(operator === '==', left, right);
    case 'in':
      return membership(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(operator, left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

/** One side that settles it does so even if the other side has no value (CEL's commutative logic). */
function logical(settling: boolean, left: Typed, right: Typed): Typed | undefined {
  if (left.type !== 'bool' || right.type !== 'bool') return undefined;
  return {
    type: 'bool',
    run: (lookup) => {
      const first = left.run(lookup);
      if (first === settling) return settling;
      const second = right.run(lookup);
      if (second === settling) return settling;
      return first === undefined || second === undefined ? undefined : !settling;
    },
  };
}

function equality(wanted: boolean, left: Typed, right: Typed): Typed | undefined {
  if (!comparable(left.type, right.type)) return undefined;
  return bool(left, right, (a, b) => (a === b) === wanted);
}

function order(operator: '<' | '<=' | '>' | '>=', left: Typed, right: Typed): Typed | undefined {
  if (!comparable(left.type, right.type)) return undefined;
  const compare = left.type === 'string' ? compareText : compareValues;
  switch (operator) {
    case '<':
      return bool(left, right, (a, b) => compare(a, b) < 0);
    case '<=':
      return bool(left, right, (a, b) => compare(a, b) <= 0);
    case '>':
      return bool(left, right, (a, b) => compare(a, b) > 0);
    case '>=':
      return bool(left, right, (a, b) => compare(a, b) >= 0);
  }
}

function comparable(left: Type, right: Type): boolean {
  if (left === 'headers' || left.startsWith('list')) return false;
  return left === right || (isNumber(left) && isNumber(right));
}

function compareValues(a: unknown, b: unknown): number {
  const [first, second] = [Number(a), Number(b)];
  return first < second ? -1 : first > second ? 1 : first === second ? 0 : Number.NaN;
}

/** By code points. */
function compareText(a: unknown, b: unknown): number {
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

/** Whether a list has a value, or headers a name. */
function membership(left: Typed, right: Typed): Typed | undefined {
  if (right.type === 'list of nothing') return bool(left, right, () => false);
  if (right.type !== `list of ${left.type}`) return undefined;
  return bool(left, right, (value, list) => (list as readonly unknown[]).includes(value));
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '%', left: Typed, right: Typed): Typed | undefined {
  const { type } = left;
  if (type === 'string' && right.type === 'string' && operator === '+')
    return { type, run: both(left, right, (a, b) => (a as string) + (b as string)) };
  if (operator === '+' || operator === '-') {
    const time = timeArithmetic(operator, left, right);
    if (time !== undefined) return time;
  }
  if (type !== right.type || !isNumber(type)) return undefined;
  const calculate = type === 'int' ? whole(operator) : FRACTIONS[operator];
  return calculate && { type, run: both(left, right, (a, b) => calculate(a as number, b as number)) };
}

function timeArithmetic(operator: '+' | '-', left: Typed, right: Typed): Typed | undefined {
  const type = timeType(operator, left.type, right.type);
  if (type === undefined) return undefined;
  const sign = operator === '+' ? 1 : -1;
  return { type, run: both(left, right, (a, b) => (a as number) + sign * (b as number)) };
}

function timeType(operator: '+' | '-', left: Type, right: Type): Type | undefined {
  if (left === 'duration' && right === 'duration') return 'duration';
  if (left === 'timestamp' && right === 'duration') return 'timestamp';
  if (left === 'duration' && right === 'timestamp' && operator === '+') return 'timestamp';
  if (left === 'timestamp' && right === 'timestamp' && operator === '-') return 'duration';
  return undefined;
}

type Calculate = (a: number, b: number) => number | undefined;

const FRACTIONS: Partial<Record<BinaryOperator, Calculate>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

const WHOLES: Partial<Record<BinaryOperator, Calculate>> = {
  ...FRACTIONS,
  '/': (a, b) => Math.trunc(a / b),
  '%': (a, b) => a % b,
};

/** Beyond 53 bits there is no value, as in CEL beyond 64; nor is there one of a division by zero. */
function whole(operator: BinaryOperator): Calculate | undefined {
  const calculate = WHOLES[operator];
  return (
    calculate &&
    ((a, b) => {
      const result = calculate(a, b);
      return Number.isSafeInteger(result) ? result! + 0 : undefined;
    })
  );
}

function bool(left: Typed, right: Typed, decide: (a: unknown, b: unknown) => boolean): Typed {
  return { type: 'bool', run: both(left, right, decide) };
}

function both(left: Typed, right: Typed, make: (a: unknown, b: unknown) => unknown): Expression {
  return (lookup) => {
    const a = left.run(lookup);
    if (a === undefined) return undefined;
    const b = right.run(lookup);
    return b === undefined ? undefined : make(a, b);
  };
}
