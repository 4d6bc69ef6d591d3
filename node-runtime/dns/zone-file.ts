import { mkdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '#api/foundation/errors.ts';
import { watchDirectory } from '../files/watch-directory.ts';
import type { Captured, EntryNames } from './entry-names.ts';
import type { ServiceNames } from './service-names.ts';

const Port = z.strictObject({ name: z.string(), protocol: z.string(), port: z.int() });
const ZoneFile = z.strictObject({
  services: z.array(
    z.strictObject({
      name: z.string(),
      namespace: z.string(),
      /** Absent for a headless service. */
      vip: z.string().optional(),
      ports: z.array(Port),
      endpoints: z.array(z.strictObject({ host: z.string(), address: z.string(), ports: z.array(Port) })),
    }),
  ),
  entries: z
    .array(
      z.strictObject({ host: z.string(), addresses: z.array(z.string()), namespaces: z.array(z.string()) }),
    )
    .default([]),
  captured: z.array(z.strictObject({ address: z.string(), namespace: z.string() })).default([]),
});

/** Everything that the name server knows. */
export interface Names {
  readonly services: readonly ServiceNames[];
  readonly entries: readonly EntryNames[];
  /** Pods that get the entries' names. */
  readonly captured: readonly Captured[];
}

const NO_NAMES: Names = { services: [], entries: [], captured: [] };

/** Where the node runtime leaves the names and the name server finds them. */
export function zoneFilePath(runDir: string): string {
  return join(runDir, 'dns', 'zone.json');
}

/** Replaced by rename: a reader sees the old names or the new ones. */
export async function writeZoneFile(path: string, names: Names): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.next`, JSON.stringify(names));
  await rename(`${path}.next`, path);
}

/** No file yet means no names yet. */
export function readZoneFile(path: string): Names {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return NO_NAMES;
    throw error;
  }
  const names = ZoneFile.parse(JSON.parse(text));
  return { ...names, services: names.services.map((service) => ({ ...service, vip: service.vip })) };
}

/** Calls back when the file may have been replaced. */
export function watchZoneFile(path: string, onChange: () => void): { close(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return watchDirectory(dirname(path), onChange);
}
