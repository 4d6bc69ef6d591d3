/** The table of verdicts as the page shows it. */
import { VERDICTS } from './verdicts.ts';

export function verdictTable(): string {
  const rows = VERDICTS.map(({ name, verdict, reason }) => `| ${name} | ${verdict} | ${reason} |`);
  return ['| difference | verdict | reason |', '|---|---|---|', ...rows].join('\n');
}
