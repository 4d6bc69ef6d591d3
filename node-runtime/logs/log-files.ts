import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The kubelet's names: `0.log` is written to, `0.log.20300102-030405` was, and `0.log.20300102-030405.gz` is compressed. */
const ROTATED = /^\.\d{8}-\d{6}(?:\.\d+)?(?:\.gz)?$/;

/** What `path` was rotated to, the oldest first. */
export async function rotatedLogs(path: string): Promise<string[]> {
  const directory = dirname(path);
  const name = basename(path);
  const all = await readdir(directory).catch(() => []);
  return all
    .filter((each) => each.startsWith(name) && ROTATED.test(each.slice(name.length)))
    .sort((a, b) => (uncompressed(a) < uncompressed(b) ? -1 : 1))
    .map((each) => join(directory, each));
}

/** Its name before it was compressed. */
export function uncompressed(name: string): string {
  return name.replace(/\.gz$/, '');
}

/** With all that it was rotated to. */
export async function removeLog(path: string): Promise<void> {
  await Promise.all([path, ...(await rotatedLogs(path))].map((each) => rm(each, { force: true })));
}

/** When it happened, in UTC, as the kubelet writes it; sorts by time. */
export function stampOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
