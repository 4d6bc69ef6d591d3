import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientFromMesh, type HttpClient } from '#api/client/http-client.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { makeMesh, type Program, startProgram } from '#control-plane/program-fixture.ts';

let disk: string;
let config: MeshConfig;
let program: Program;
let client: HttpClient;

beforeEach(async () => {
  disk = mkdtempSync(join(tmpdir(), 'weft-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'weft-test', disk]);
  config = await makeMesh(disk);
  program = startProgram(['--data-dir', config.dataDir]);
  await program.serving;
  client = clientFromMesh(config);
});
afterEach(async () => {
  await client.close();
  program.process.kill('SIGKILL');
  await program.ended;
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

const configMap = (name: string, kilobytes: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { value: 'x'.repeat(kilobytes * 1024) },
});

function fillDisk(): string {
  const ballast = join(disk, 'ballast');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  return ballast;
}

test('a full disk fails writes with its cause, loses nothing, and is over when there is space', async () => {
  const kept = await client.create(ConfigMap, configMap('kept', 1));
  const ballast = fillDisk();

  const failure = await client.create(ConfigMap, configMap('too-much', 512)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 507, reason: 'InsufficientStorage' });
  expect(String(failure)).toMatch(/no space is left for the store .*store\.db.*free space/);
  expect(await client.get(ConfigMap, 'default', 'kept')).toEqual(kept);
  expect(await client.get(ConfigMap, 'default', 'too-much')).toBeUndefined();

  rmSync(ballast);
  await client.create(ConfigMap, configMap('too-much', 512));
  program.process.kill('SIGKILL');
  await program.ended;
  program = startProgram(['--data-dir', config.dataDir]);
  await program.serving;
  const { items } = await client.list(ConfigMap, { namespace: 'default' });
  expect(items.map((item) => item.metadata.name)).toEqual(['kept', 'too-much']);
});
