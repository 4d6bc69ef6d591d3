import { execFileSync } from 'node:child_process';

/** Which core carries what. The proxy under measurement has one for itself; load and backend share one when there are only two. */
export interface Cores {
  readonly proxy: number;
  readonly load: number;
  readonly backend: number;
}

/** The first cores that this process may run on. Throws when there is only one: load and proxy would take it from each other. */
export function chooseCores(): Cores {
  const allowed = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
  return spread(listCores(allowed.slice(allowed.lastIndexOf(':') + 1).trim()));
}

/** `0-2,5` as taskset prints it. */
export function listCores(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return Array.from({ length: to! - from! + 1 }, (_, i) => from! + i);
  });
}

export function spread(allowed: readonly number[]): Cores {
  const [proxy, load, backend = load] = allowed;
  if (proxy === undefined || load === undefined || backend === undefined)
    throw new Error('one core is not enough: the proxy needs one and the load another');
  return { proxy, load, backend };
}
