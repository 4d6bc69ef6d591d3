import { describe, test } from 'vitest';
import { checkW3cCase } from './testing/check-w3c-case.ts';
import { Traced } from './testing/traced.ts';
import { W3C_CASES } from './testing/w3c-cases.ts';

describe('W3C Trace Context', () => {
  test.each(W3C_CASES.map((each) => [`${each.section}: ${each.name}`, each] as const))(
    '%s',
    (_name, each) => {
      checkW3cCase(each, new Traced().request(each.lines).lines);
    },
  );
});
