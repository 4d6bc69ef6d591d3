/** The grammar of the Common Expression Language, by recursive descent; https://github.com/google/cel-spec. */
import { invalid, type Token, tokensOf } from './tokens.ts';

export type Node =
  | { readonly kind: 'literal'; readonly type: LiteralType; readonly value: Literal; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'select'; readonly of: Node; readonly field: string; readonly at: number }
  | { readonly kind: 'index'; readonly of: Node; readonly index: Node; readonly at: number }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly target: Node | undefined;
      readonly arguments: readonly Node[];
      readonly at: number;
    }
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly of: Node; readonly at: number }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Node;
      readonly right: Node;
      readonly at: number;
    }
  | {
      readonly kind: 'conditional';
      readonly test: Node;
      readonly yes: Node;
      readonly no: Node;
      readonly at: number;
    }
  | { readonly kind: 'list'; readonly items: readonly Node[]; readonly at: number };

export type LiteralType = 'bool' | 'int' | 'double' | 'string';
export type Literal = boolean | number | string;
export type BinaryOperator = '||' | '&&' | Relation | '+' | '-' | '*' | '/' | '%';
export type Relation = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in';

/** More is a program in disguise. */
const MAX_CHARS = 4096;
const MAX_DEPTH = 50;

/** Loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Throws WeftError `ExpressionInvalid` with the place. */
export function parseExpression(text: string): Node {
  if (text.length > MAX_CHARS) throw invalid(`an expression has at most ${MAX_CHARS} characters`);
  return new Parser(tokensOf(text)).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#conditional();
    if (this.#token.kind !== 'end') throw this.#unexpected('the end');
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #conditional(): Node {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw invalid('it is nested too deeply', this.#token.at);
    const test = this.#binary(0);
    const { at } = this.#token;
    let node = test;
    if (this.#take('?')) {
      const yes = this.#conditional();
      this.#expect(':');
      node = { kind: 'conditional', test, yes, no: this.#conditional(), at };
    }
    this.#depth -= 1;
    return node;
  }

  #binary(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#token;
      if (!('text' in token) || !operators.includes(token.text)) return left;
      this.#next += 1;
      const operator = token.text as BinaryOperator;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1), at: token.at };
    }
  }

  #unary(): Node {
    const { at } = this.#token;
    for (const operator of ['!', '-'] as const) {
      if (!this.#take(operator)) continue;
      this.#depth += 1;
      if (this.#depth > MAX_DEPTH) throw invalid('it is nested too deeply', at);
      const of = this.#unary();
      this.#depth -= 1;
      return { kind: 'unary', operator, of, at };
    }
    return this.#members();
  }

  #members(): Node {
    let node = this.#primary();
    for (;;) {
      const { at } = this.#token;
      if (this.#take('.')) {
        const name = this.#name();
        node = this.#take('(')
          ? { kind: 'call', name, target: node, arguments: this.#list(')'), at }
          : { kind: 'select', of: node, field: name, at };
      } else if (this.#take('[')) {
        const index = this.#conditional();
        this.#expect(']');
        node = { kind: 'index', of: node, index, at };
      } else {
        return node;
      }
    }
  }

  #primary(): Node {
    const token = this.#token;
    const { at } = token;
    if (token.kind === 'int' || token.kind === 'double' || token.kind === 'string') {
      this.#next += 1;
      return { kind: 'literal', type: token.kind, value: token.value, at };
    }
    if (this.#take('(')) {
      const inner = this.#conditional();
      this.#expect(')');
      return inner;
    }
    if (this.#take('[')) return { kind: 'list', items: this.#list(']'), at };
    const name = this.#name();
    if (name === 'true' || name === 'false')
      return { kind: 'literal', type: 'bool', value: name === 'true', at };
    if (this.#take('(')) return { kind: 'call', name, target: undefined, arguments: this.#list(')'), at };
    return { kind: 'name', name, at };
  }

  /** What stands between the opening sign, which was taken, and `close`. */
  #list(close: string): Node[] {
    const items: Node[] = [];
    if (this.#take(close)) return items;
    do items.push(this.#conditional());
    while (this.#take(','));
    this.#expect(close);
    return items;
  }

  #name(): string {
    const token = this.#token;
    if (token.kind !== 'name' || token.text === 'in') throw this.#unexpected('a name or a value');
    this.#next += 1;
    return token.text;
  }

  #take(sign: string): boolean {
    const token = this.#token;
    if (token.kind !== 'sign' || token.text !== sign) return false;
    this.#next += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected(`"${sign}"`);
  }

  #unexpected(wanted: string): Error {
    const token = this.#token;
    const found = 'text' in token ? token.text : JSON.stringify(token.value);
    return invalid(`${wanted} was expected, not ${found}`, token.at);
  }
}
