import { readFileSync } from 'node:fs';

/** The version of weft that runs, as package.json says it. */
export function programVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
}
