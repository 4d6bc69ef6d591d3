import { describe, expect, test } from 'vitest';
import { houseBreaches, sizeReport } from '../support/house-rules.ts';
import { breachesOf, edgesOf, impurities, PURE } from '../support/import-rules.ts';
import { type SourceFile, sourceFiles, withoutComments } from '../support/source-files.ts';

const files = sourceFiles();
const file = (path: string, text: string): SourceFile => ({ path, text });

describe('the house', () => {
  test('has files to look at', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(edgesOf).length).toBeGreaterThan(100);
  });

  test.each(PURE)('has the pure room %s', (room) => {
    expect(files.some(({ path }) => room.test(path))).toBe(true);
  });

  test('imports one way, and pure rooms do no I/O', () => {
    expect(breachesOf(files)).toEqual([]);
  });

  test('hands clocks and dice to its pure rooms', () => {
    expect(impurities(files)).toEqual([]);
  });

  test('keeps its rules of naming and writing', () => {
    expect(houseBreaches(files)).toEqual([]);
  });

  test('reports its sizes', () => {
    const report = sizeReport(files);
    console.log(report);
    expect(report).toMatch(/^\d+ files, median \d+ lines/);
  });
});

describe('import rules refuse', () => {
  test.each([
    ['api importing a program', 'api/kinds/pod.ts', `import { x } from '#sidecar/x.ts';`],
    ['api importing a program for its types', 'api/mesh/a.ts', `import type { X } from '#cli/main.ts';`],
    [
      'a program importing another',
      'sidecar/http/a.ts',
      `import { x } from '#control-plane/store/store.ts';`,
    ],
    [
      'the command line importing the node runtime',
      'cli/verbs/down.ts',
      `import { x } from '#node-runtime/a.ts';`,
    ],
    ['an import over several lines', 'sidecar/a.ts', `import {\n  x,\n  y,\n} from '#node-runtime/b.ts';`],
    ['a re-export', 'sidecar/a.ts', `export { x } from '#node-runtime/b.ts';`],
    ['a lazy import', 'cli/main.ts', `const x = await import('#control-plane/main.ts');`],
    ['an import for its effect', 'node-runtime/a.ts', `import '#sidecar/b.ts';`],
    ['a relative path across a border', 'sidecar/http/a.ts', `import { x } from '../../api/mesh/ports.ts';`],
    ['code that uses the support of tests', 'api/a.ts', `import { x } from '#test/support/b.ts';`],
    ['an example that uses the house', 'examples/bookinfo/a.ts', `import { x } from '#api/mesh/ports.ts';`],
    ['I/O in a pure room', 'control-plane/translation/a.ts', `import { readFileSync } from 'node:fs';`],
    ['a whole I/O module in a pure room', 'sidecar/routing/a.ts', `import net from 'node:net';`],
    ['a harmful name among harmless ones', 'api/kinds/a.ts', `import { connect, isIPv4 } from 'node:net';`],
    ['a part importing its wiring', 'sidecar/http/a.ts', `import { x } from '../sidecar.ts';`],
    ['a part importing a main', 'control-plane/push/a.ts', `import { x } from '#control-plane/main.ts';`],
  ])('%s', (_name, path, text) => {
    const [breach] = breachesOf([file(path, text)]);
    expect(breach?.edge).toContain(`${path} -> `);
    expect(breach?.reason).toMatch(/\w+/);
  });
});

describe('import rules let pass', () => {
  test.each([
    ['a program importing the contract', 'sidecar/a.ts', `import { x } from '#api/mesh/ports.ts';`],
    ['a neighbour in the same program', 'sidecar/http/a.ts', `import { x } from '../routing/b.ts';`],
    ['packages and built-ins in an impure room', 'sidecar/http/a.ts', `import net from 'node:net';`],
    ['harmless names in a pure room', 'api/kinds/a.ts', `import { isIPv4 } from 'node:net';`],
    ['the main starting its wiring', 'sidecar/main.ts', `import { start } from './sidecar.ts';`],
    ['a test that crosses rooms', 'test/mesh/a.test.ts', `import { x } from '#sidecar/sidecar.ts';`],
    [
      'an import inside a comment',
      'api/a.ts',
      `// import { x } from '#cli/main.ts';\n/* import '#sidecar/a.ts'; */`,
    ],
  ])('%s', (_name, path, text) => {
    expect(breachesOf([file(path, text)])).toEqual([]);
  });
});

describe('pure rooms refuse', () => {
  test.each(['Date.now()', 'Math.random()', 'performance.now()', 'new Date()', 'setTimeout(f, 1)'])(
    '%s',
    (use) => {
      expect(impurities([file('sidecar/routing/a.ts', `const x = ${use};`)])).toHaveLength(1);
      expect(impurities([file('sidecar/http/a.ts', `const x = ${use};`)])).toEqual([]);
    },
  );
});

describe('house rules refuse', () => {
  test.each([
    ['a bag of helpers', 'sidecar/utils.ts', ''],
    ['a barrel', 'api/kinds/a.ts', `export * from './b.ts';`],
    ['a note to self', 'api/kinds/a.ts', `// ${'TO'}${'DO'}: later`],
    ['an enum', 'api/kinds/a.ts', 'export enum Colour { Red }'],
    ['a registry', 'scripts/a.ts', `const x = 'https://registry.${'npm'}js.org';`],
  ])('%s', (_name, path, text) => {
    expect(houseBreaches([file(path, text)])).toHaveLength(1);
  });
});

test('strings that look like comments stay', () => {
  expect(withoutComments(`const a = 'http://x'; // gone\nconst b = "/* kept */";`)).toBe(
    `const a = 'http://x'; \nconst b = "/* kept */";`,
  );
});
