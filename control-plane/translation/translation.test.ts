import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Case, outcomeOf } from './testing/golden.ts';

const directory = join(import.meta.dirname, 'testdata');
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => file.slice(0, -'.in.yaml'.length));

test.each(names)('%s', (name) => {
  const outcome = outcomeOf(parse(readFileSync(join(directory, `${name}.in.yaml`), 'utf8')) as Case);
  const golden = join(directory, `${name}.out.yaml`);
  if (process.env['WRITE_GOLDEN'] === '1')
    writeFileSync(golden, stringify(outcome, { lineWidth: 0, aliasDuplicateObjects: false }));
  expect(outcome).toEqual(parse(readFileSync(golden, 'utf8')));
});
