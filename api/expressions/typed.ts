import type { AttributeType } from './attributes.ts';
import type { Expression } from './expression.ts';

export type Scalar = Exclude<AttributeType, 'headers'> | 'double';
export type Type = Scalar | 'headers' | `list of ${Scalar}` | 'list of nothing';

/**
 * A part of an expression that is ready to run. Its value is undefined when it cannot be had: an attribute is missing, a
 * division by zero. Durations and timestamps are milliseconds, whole numbers and fractions are numbers: the type tells.
 */
export interface Typed {
  readonly type: Type;
  readonly run: Expression;
  /** The value, when it is the same each time. */
  readonly constant?: unknown;
}

export function constant(type: Type, value: unknown): Typed {
  return { type, run: () => value, constant: value };
}

export function isNumber(type: Type): boolean {
  return type === 'int' || type === 'double';
}
