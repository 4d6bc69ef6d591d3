import { Environment } from '@marcbachmann/cel-js';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { AttributeLookup, Expression } from './expression.ts';

const ROOTS = ['request', 'response', 'source', 'destination', 'connection', 'upstream', 'xds'];

/** Compiles an expression of the Common Expression Language. Throws WeftError `ExpressionInvalid`. */
export function compileExpression(text: string): Expression {
  const environment = new Environment();
  for (const root of ROOTS) environment.registerVariable(root, 'dyn');
  try {
    const run = environment.parse(text);
    const checked = run.check();
    if (!checked.valid) throw checked.error;
    return (lookup) => {
      try {
        return run(contextOf(lookup)) as unknown;
      } catch {
        return undefined;
      }
    };
  } catch (error) {
    throw new WeftError('ExpressionInvalid', messageOf(error));
  }
}

function contextOf(lookup: AttributeLookup): Record<string, unknown> {
  const under = (root: string): unknown =>
    new Proxy(
      {},
      {
        get: (_, name) => (typeof name === 'string' ? lookup(`${root}.${name}`) : undefined),
        has: (_, name) => typeof name === 'string' && lookup(`${root}.${name}`) !== undefined,
      },
    );
  return Object.fromEntries(ROOTS.map((root) => [root, under(root)]));
}
