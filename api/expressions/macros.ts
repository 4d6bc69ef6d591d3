/**
 * CEL's macros over lists. No attribute is a list, so that a list is always written out, and a macro is too: for each of
 * its items the condition, joined by `||` or `&&`.
 */
import type { Node } from './parse-expression.ts';
import { invalid } from './tokens.ts';

/** More is a table in disguise. */
const MAX_ITEMS = 100;

type Call = Node & { kind: 'call' };

/** Undefined when it is no macro. */
export function expandMacro({ name, target, arguments: given, at }: Call): Node | undefined {
  if (name !== 'exists' && name !== 'all') return undefined;
  const [variable, condition] = given;
  if (target?.kind !== 'list') throw invalid(`${name}() needs a list that is written out before it`, at);
  if (target.items.length > MAX_ITEMS) throw invalid(`${name}() takes at most ${MAX_ITEMS} items`, at);
  if (variable?.kind !== 'name' || condition === undefined || given.length !== 2)
    throw invalid(`${name}() takes a variable and a condition`, at);
  const operator = name === 'exists' ? '||' : '&&';
  const conditions = target.items.map((item) => replaced(condition, variable.name, item));
  return conditions.reduceRight<Node>((right, left) => ({ kind: 'binary', operator, left, right, at }), {
    kind: 'literal',
    type: 'bool',
    value: name === 'all',
    at,
  });
}

function replaced(node: Node, name: string, by: Node): Node {
  const inside = (each: Node): Node => replaced(each, name, by);
  switch (node.kind) {
    case 'literal':
      return node;
    case 'name':
      return node.name === name ? by : node;
    case 'select':
      return { ...node, of: inside(node.of) };
    case 'index':
      return { ...node, of: inside(node.of), index: inside(node.index) };
    case 'unary':
      return { ...node, of: inside(node.of) };
    case 'binary':
      return { ...node, left: inside(node.left), right: inside(node.right) };
    case 'conditional':
      return {
        ...node,
        test: inside(node.test),
        yes: inside(node.yes),
        no: inside(node.no),
      };
    case 'list':
      return { ...node, items: node.items.map(inside) };
    case 'call':
      return {
        ...node,
        target: node.target && inside(node.target),
        arguments: node.arguments.map(inside),
      };
  }
}
