import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Volume } from '#api/kinds/pod-spec.ts';
import { pod } from '../pod/testing/fixtures.ts';
import { writeAtomically } from './atomic-directory.ts';
import { containerMounts } from './container-mounts.ts';
import { prepareHostPath } from './host-path.ts';
import { payload } from './payload.ts';
import { prepareVolume } from './pod-volumes.ts';
import { openSubPath } from './sub-path.ts';

/** In memory, so that Secrets need no mount of their own and these tests no root. */
let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/dev/shm/weft-volumes-');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const data = { 'app.conf': Buffer.from('port=1'), key: Buffer.from('s3same') };

test('a volume shows all keys, or those that are named', () => {
  const all = payload(data, { title: 'ConfigMap "x"' });
  expect(all.map(({ path, mode }) => [path, mode])).toEqual([
    ['app.conf', 0o644],
    ['key', 0o644],
  ]);
  const some = payload(data, {
    title: 'ConfigMap "x"',
    defaultMode: 0o600,
    items: [
      { key: 'key', path: 'deep/secret', mode: 0o400 },
      { key: 'app.conf', path: 'app' },
    ],
  });
  expect(some.map(({ path, mode }) => [path, mode])).toEqual([
    ['deep/secret', 0o400],
    ['app', 0o600],
  ]);
});

test.each([
  ['an object that is not there', undefined, {}, 'ConfigMap "x" not found'],
  ['a key that is not there', data, { items: [{ key: 'none', path: 'x' }] }, 'key "none" not found'],
  ['an inherited name', data, { items: [{ key: 'constructor', path: 'x' }] }, 'key "constructor" not found'],
  ['a path out of the volume', data, { items: [{ key: 'key', path: '../x' }] }, 'not a path inside'],
  ['an absolute path', data, { items: [{ key: 'key', path: '/x' }] }, 'not a path inside'],
  ["a path of the volume's own", data, { items: [{ key: 'key', path: '..data/x' }] }, 'not a path inside'],
])('refuses %s', (_, of, more, message) => {
  expect(() => payload(of, { title: 'ConfigMap "x"', ...more })).toThrowError(message);
});

test('what is optional may be missing', () => {
  expect(payload(undefined, { title: 'x', optional: true })).toEqual([]);
  expect(payload(data, { title: 'x', optional: true, items: [{ key: 'none', path: 'x' }] })).toEqual([]);
});

const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text), mode: 0o644 });

test('a new version replaces the old one by one rename', async () => {
  await writeAtomically(directory, [file('a', '1'), file('deep/b', '1')], { gid: undefined });
  const first = readlinkSync(join(directory, '..data'));
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('1');
  expect(readlinkSync(join(directory, 'deep'))).toBe('..data/deep');
  expect(await writeAtomically(directory, [file('a', '2'), file('c', '2')], { gid: undefined })).toBe(true);
  expect(readlinkSync(join(directory, '..data'))).not.toBe(first);
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('2');
  expect(
    readdirSync(directory)
      .filter((name) => !name.startsWith('..'))
      .sort(),
  ).toEqual(['a', 'c']);
  expect(readdirSync(directory).filter((name) => name.startsWith('..'))).toHaveLength(2);
});

test('the same contents leave the directory as it is', async () => {
  await writeAtomically(directory, [file('a', '1')], { gid: undefined });
  const first = readlinkSync(join(directory, '..data'));
  expect(await writeAtomically(directory, [file('a', '1')], { gid: undefined })).toBe(false);
  expect(readlinkSync(join(directory, '..data'))).toBe(first);
});

test('an update that died half way does not stand in the way of the next', async () => {
  await writeAtomically(directory, [file('a', '1')], { gid: undefined });
  symlinkSync('nowhere', join(directory, '..data_tmp'));
  await writeAtomically(directory, [file('a', '2')], { gid: undefined });
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('2');
});

test.each(['deep/down', 'deep//./down', 'link/down'])('subPath %s opens what is inside', async (subPath) => {
  mkdirSync(join(directory, 'deep/down'), { recursive: true });
  symlinkSync('deep', join(directory, 'link'));
  const handle = await openSubPath(directory, subPath);
  expect((await handle.stat()).ino).toBe(statSync(join(directory, 'deep/down')).ino);
  await handle.close();
});

test('a subPath that is not there is made', async () => {
  await (await openSubPath(directory, 'new/one')).close();
  expect(statSync(join(directory, 'new/one')).isDirectory()).toBe(true);
});

test.each([
  ['climbs out', '../etc'],
  ['is absolute', '/etc'],
  ['leads out by a link', 'out'],
  ['leads out by a link on the way', 'out/passwd'],
  ['leads out by a link to nowhere', 'dangling/x'],
])('refuses a subPath that %s', async (_, subPath) => {
  symlinkSync('/etc', join(directory, 'out'));
  symlinkSync('/nowhere-at-all', join(directory, 'dangling'));
  await expect(openSubPath(directory, subPath)).rejects.toMatchObject({ code: 'FailedMount' });
});

test.each<[string, Parameters<typeof prepareHostPath>[0], boolean]>([
  ['a directory as any', { path: 'dir' }, true],
  ['a directory as one', { path: 'dir', type: 'Directory' }, true],
  ['a file as a directory', { path: 'file', type: 'Directory' }, false],
  ['a file as one', { path: 'file', type: 'File' }, true],
  ['a directory as a file', { path: 'dir', type: 'FileOrCreate' }, false],
  ['a file as a socket', { path: 'file', type: 'Socket' }, false],
  ['nothing', { path: 'none' }, false],
  ['nothing as a directory to make', { path: 'made/dir', type: 'DirectoryOrCreate' }, true],
  ['nothing as a file to make', { path: 'made/file', type: 'FileOrCreate' }, true],
  ['a path that climbs', { path: 'dir/../file' }, false],
])('hostPath takes %s: %j %s', async (_, { path, ...rest }, fine) => {
  mkdirSync(join(directory, 'dir'));
  writeFileSync(join(directory, 'file'), '');
  const act = prepareHostPath({ path: `${directory}/${path}`, ...rest });
  if (fine) await expect(act).resolves.toBe(`${directory}/${path}`);
  else await expect(act).rejects.toMatchObject({ code: 'FailedMount' });
});

const meta = (name: string) => ({ name, namespace: 'shop' });
const words: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('words'), data: { a: '1' } };
const sources = {
  configMap: async (_namespace: string, name: string) => (name === 'words' ? words : undefined),
  secret: async (_namespace: string, name: string) =>
    name === 'keys'
      ? {
          apiVersion: 'v1',
          kind: 'Secret' as const,
          metadata: meta('keys'),
          type: 'Opaque',
          data: { k: 'czNzYW1l' },
        }
      : undefined,
};

function prepare(volume: Omit<Volume, 'name'>, name = 'v') {
  const places = { memory: join(directory, 'memory'), disk: join(directory, 'disk') };
  return prepareVolume({ name, ...volume }, pod(), places, sources);
}

test('volumes of each kind are put on the node', async () => {
  const config = await prepare({ configMap: { name: 'words' } });
  expect(config).toEqual({ path: join(directory, 'memory/v'), readOnly: true });
  expect(readFileSync(join(config.path, 'a'), 'utf8')).toBe('1');
  const secret = await prepare({ secret: { secretName: 'keys', defaultMode: 0o400 } }, 'secret');
  expect(readFileSync(join(secret.path, 'k'), 'utf8')).toBe('s3same');
  expect(statSync(join(secret.path, 'k')).mode & 0o777).toBe(0o400);
  const scratch = await prepare({ emptyDir: {} }, 'scratch');
  expect(scratch).toEqual({ path: join(directory, 'disk/scratch'), readOnly: false });
  expect(statSync(scratch.path).mode & 0o777).toBe(0o777);
  expect(statSync(join(directory, 'disk')).mode & 0o777).toBe(0o700);
});

test('what is in an emptyDir stays when the volume is prepared again', async () => {
  const { path } = await prepare({ emptyDir: {} });
  writeFileSync(join(path, 'kept'), '');
  await prepare({ emptyDir: {} });
  expect(lstatSync(join(path, 'kept')).isFile()).toBe(true);
});

test.each<[string, Omit<Volume, 'name'>, string]>([
  ['a missing ConfigMap', { configMap: { name: 'none' } }, 'v'],
  ['a missing Secret', { secret: { secretName: 'none' } }, 'v'],
  ['a name that climbs', { emptyDir: {} }, '../v'],
])('refuses %s', async (_, volume, name) => {
  await expect(prepare(volume, name)).rejects.toMatchObject({ code: 'FailedMount' });
});

test('mounts come parents first, and read-only where the volume is', async () => {
  chmodSync(directory, 0o755);
  const volumes = new Map([
    ['config', { path: '/v/config', readOnly: true }],
    ['scratch', { path: '/v/scratch', readOnly: false }],
  ]);
  const volumeMounts = [
    { name: 'config', mountPath: '/data/etc', readOnly: false },
    { name: 'scratch', mountPath: '/data' },
    { name: 'scratch', mountPath: '/shown', readOnly: true },
  ];
  const mounts = await containerMounts({ name: 'app', volumeMounts }, volumes, directory);
  expect(mounts.map(({ destination, readOnly }) => [destination, readOnly])).toEqual([
    ['/data', false],
    ['/shown', true],
    ['/data/etc', true],
  ]);
});
