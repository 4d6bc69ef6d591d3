/**
 * Adds up a directory of results that scripts/test.sh left, prints `N passed, N failed` as the last line and
 * exits 1 when anything failed. A suite whose exit code says failure counts at least one failure, so that a crash
 * before or after its tests cannot pass.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What vitest's JSON reporter says of one suite; `report` is undefined when it wrote none. */
export function tallyOfSuite(report: string | undefined, exitCode: number): Tally {
  const counts = report === undefined ? {} : (JSON.parse(report) as Record<string, unknown>);
  const count = (name: string): number => Number(counts[name] ?? 0);
  const failed = count('numFailedTests');
  return {
    passed: count('numPassedTests'),
    failed: exitCode === 0 ? failed : Math.max(1, failed),
    skipped: count('numPendingTests') + count('numTodoTests'),
  };
}

export function tallyOf(directory: string): Tally {
  const files = readdirSync(directory);
  const text = (file: string): string => readFileSync(join(directory, file), 'utf8').trim();
  const checks = files
    .filter((file) => file.endsWith('.check'))
    .map((file): Tally => {
      const failed = text(file) === 'passed' ? 0 : 1;
      return { passed: 1 - failed, failed, skipped: 0 };
    });
  const suites = files
    .filter((file) => file.endsWith('.exit'))
    .map((file) => {
      const report = file.replace(/\.exit$/, '.json');
      return tallyOfSuite(existsSync(join(directory, report)) ? text(report) : undefined, Number(text(file)));
    });
  return [...checks, ...suites].reduce((sum, part) => ({
    passed: sum.passed + part.passed,
    failed: sum.failed + part.failed,
    skipped: sum.skipped + part.skipped,
  }));
}

/** `12 passed, 0 failed`, and `, 3 skipped` when there are any. */
export function lineOf({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

if (import.meta.main) {
  const tally = tallyOf(process.argv[2] ?? 'dist/test');
  process.stdout.write(`\n${lineOf(tally)}\n`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}
