/** Where the programs are that are measured or that measure. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Program {
  readonly path: string;
  readonly version: string;
}

/** Git-ignored: what `setup` brings and what is bundled. */
export const BENCH_DIRECTORY = join(import.meta.dirname, '../../dist/bench');
export const OWN_ENVOY = join(BENCH_DIRECTORY, 'envoy/envoy/_bin/envoy');

const REMEDY = '`npm run bench -- setup` brings it';

/** The program's file and version, or why there is none. `sbin` is looked through too: it is not on everybody's PATH. */
export function findProgram(name: 'haproxy' | 'nginx' | 'wrk' | 'envoy'): Program | { readonly why: string } {
  const path = candidates(name).find(isExecutable);
  if (path === undefined) return { why: `there is no ${name} here; ${REMEDY}` };
  const version = versionIn(versionText(name, path));
  return version === undefined ? { why: `${path} does not start` } : { path, version };
}

/** Like `findProgram`, for what no run can do without. Throws when it is missing. */
export function needProgram(name: 'nginx' | 'wrk'): Program {
  const found = findProgram(name);
  if ('why' in found) throw new Error(found.why);
  return found;
}

function candidates(name: string): string[] {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const onPath = directories.filter(Boolean).map((directory) => join(directory, name));
  if (name !== 'envoy') return onPath;
  const told = process.env['ENVOY'];
  return [...(told === undefined ? [] : [told]), ...onPath, OWN_ENVOY];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `wrk -v` says its version and exits with 1; nginx says it on standard error. */
function versionText(name: string, path: string): string {
  const flag = name === 'envoy' ? '--version' : '-v';
  try {
    return execFileSync('sh', ['-c', '"$0" "$1" 2>&1 || true', path, flag], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** The first dotted number: `nginx/1.22.1`, `HAProxy version 2.6.12-1+deb12u4`, `wrk debian/4.1.0-3`, `…/1.40.0/Clean/…`. */
export function versionIn(text: string): string | undefined {
  return /(?<![\w.])(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}
