/**
 * Expressions become functions once, with every type known: what could never be evaluated is refused where somebody
 * reads the reason, and a request costs some look-ups. The language is bounded by what it has not: no loops, no
 * variables, no functions of its own, patterns in linear time. See docs/decisions/017-expressions.md.
 */
import { attributesUnder, attributeType } from './attributes.ts';
import type { Expression } from './expression.ts';
import { call } from './functions.ts';
import { expandMacro } from './macros.ts';
import { binary } from './operators.ts';
import { type Node, parseExpression } from './parse-expression.ts';
import { invalid } from './tokens.ts';
import { constant, isNumber, type Scalar, type Type, type Typed } from './typed.ts';

/** Parts that an expression may have once its macros are written out. */
const MAX_PARTS = 1000;

/** An expression and what its value is, when it has one. */
export interface CompiledExpression {
  readonly type: Type;
  readonly run: Expression;
}

/** Throws WeftError `ExpressionInvalid`, which names what is wrong. */
export function compileExpression(text: string): Expression {
  return compileTyped(text).run;
}

/** For those who want values of one type only: a filter is a `bool`. */
export function compileTyped(text: string): CompiledExpression {
  const { type, run } = new Compiler().compile(parseExpression(text));
  if (type === 'headers' || type.startsWith('list')) throw invalid(`${type} is no value that can be told`);
  return { type, run };
}

class Compiler {
  #parts = 0;

  compile(node: Node): Typed {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw invalid('it has too many parts');
    switch (node.kind) {
      case 'literal':
        return constant(node.type, node.value);
      case 'name':
      case 'select':
        return this.#path(node);
      case 'index':
        return this.#index(node);
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
      case 'conditional':
        return this.#conditional(node);
      case 'list':
        return this.#list(node);
      case 'call':
        return this.#call(node);
    }
  }

  #path(node: Node & { kind: 'name' | 'select' }): Typed {
    if (node.kind === 'select' && isHeaders(node.of)) return header(dottedName(node.of)!, node.field);
    return attribute(node);
  }

  #index({ of, index, at }: Node & { kind: 'index' }): Typed {
    const name = this.compile(index);
    if (!isHeaders(of)) throw invalid('only headers can be asked for by [...]', at);
    if (name.type !== 'string') throw invalid('the name of a header is a string', at);
    const headers = dottedName(of)!;
    if (typeof name.constant === 'string') return header(headers, name.constant);
    return {
      type: 'string',
      run: (lookup) => {
        const wanted = name.run(lookup);
        return wanted === undefined ? undefined : lookup(`${headers}.${String(wanted).toLowerCase()}`);
      },
    };
  }

  #unary({ operator, of, at }: Node & { kind: 'unary' }): Typed {
    const { type, run, constant: value } = this.compile(of);
    if (operator === '-' && isNumber(type) && typeof value === 'number') return constant(type, -value);
    if (operator === '-' && isNumber(type)) return { type, run: negated(run) };
    if (operator === '!' && type === 'bool') return { type, run: inverted(run) };
    throw invalid(`${operator} cannot be applied to ${type}`, at);
  }

  #binary({ operator, left, right, at }: Node & { kind: 'binary' }): Typed {
    if (operator === 'in' && isHeaders(right))
      return present(this.#index({ kind: 'index', of: right, index: left, at }));
    const [first, second] = [this.compile(left), this.compile(right)];
    const made = binary(operator, first, second);
    if (made === undefined) throw invalid(`${first.type} ${operator} ${second.type} has no meaning`, at);
    return made;
  }

  #conditional({ test, at, ...branches }: Node & { kind: 'conditional' }): Typed {
    const decide = this.compile(test);
    const [yes, no] = [this.compile(branches.yes), this.compile(branches.no)];
    if (decide.type !== 'bool') throw invalid(`what stands before ? must be a bool, not ${decide.type}`, at);
    if (yes.type !== no.type)
      throw invalid(`both sides of : must be of one type, not ${yes.type} and ${no.type}`, at);
    return {
      type: yes.type,
      run: (lookup) => {
        const decided = decide.run(lookup);
        if (decided === undefined) return undefined;
        return decided ? yes.run(lookup) : no.run(lookup);
      },
    };
  }

  #list({ items, at }: Node & { kind: 'list' }): Typed {
    const made = items.map((item) => this.compile(item));
    const type = made[0]?.type;
    if (type === undefined) return constant('list of nothing', []);
    if (type === 'headers' || type.startsWith('list')) throw invalid(`a list cannot hold ${type}`, at);
    if (made.some((item) => item.type !== type)) throw invalid('a list must be of one type', at);
    const listType = `list of ${type as Scalar}` as const;
    if (made.every((item) => item.constant !== undefined))
      return constant(
        listType,
        made.map((item) => item.constant),
      );
    return {
      type: listType,
      run: (lookup) => {
        const values = made.map((item) => item.run(lookup));
        return values.includes(undefined) ? undefined : values;
      },
    };
  }

  #call(node: Node & { kind: 'call' }): Typed {
    const { name, target, arguments: given, at } = node;
    if (name === 'has' && target === undefined) return this.#has(given, at);
    const expanded = expandMacro(node);
    if (expanded !== undefined) return this.compile(expanded);
    const all = target === undefined ? given : [target, ...given];
    return call(
      name,
      all.map((each) => this.compile(each)),
      at,
    );
  }

  #has(given: readonly Node[], at: number): Typed {
    const [of] = given;
    if (of?.kind !== 'select' || given.length !== 1)
      throw invalid('has() takes one attribute or header by its dotted name; of others ask with in', at);
    return present(this.compile(of));
  }
}

function attribute(node: Node): Typed {
  const name = dottedName(node);
  const type = name === undefined ? undefined : attributeType(name);
  if (name === undefined) throw invalid('only attributes have fields', node.at);
  if (type !== undefined) return { type, run: (lookup) => lookup(name) };
  const inside = attributesUnder(name);
  throw invalid(
    inside.length > 0
      ? `${name} is no value; it has ${inside.join(', ')}`
      : `there is no attribute ${name}, or it is not supported`,
    node.at,
  );
}

function isHeaders(node: Node): boolean {
  const name = dottedName(node);
  return name !== undefined && attributeType(name) === 'headers';
}

function header(headers: string, name: string): Typed {
  const asked = `${headers}.${name.toLowerCase()}`;
  return { type: 'string', run: (lookup) => lookup(asked) };
}

function present({ run }: Typed): Typed {
  return { type: 'bool', run: (lookup) => run(lookup) !== undefined };
}

/** `request.path`; undefined for anything else than names with dots. */
function dottedName(node: Node): string | undefined {
  if (node.kind === 'name') return node.name;
  if (node.kind !== 'select') return undefined;
  const of = dottedName(node.of);
  return of === undefined ? undefined : `${of}.${node.field}`;
}

function negated(run: Expression): Expression {
  return (lookup) => {
    const value = run(lookup);
    return value === undefined ? undefined : -(value as number);
  };
}

function inverted(run: Expression): Expression {
  return (lookup) => {
    const value = run(lookup);
    return value === undefined ? undefined : value !== true;
  };
}
