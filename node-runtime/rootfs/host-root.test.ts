import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHostFacts } from './host-facts.ts';
import { hostBinds, skeletonFiles } from './host-root.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'weft-host-'));
  const directories = ['usr/lib', 'lib32', 'etc/ssl/certs', 'etc/ssl/private', 'home', 'root', 'var'];
  await Promise.all(directories.map((path) => mkdir(join(root, path), { recursive: true })));
  await symlink('usr/lib', join(root, 'lib'));
  await writeFile(join(root, 'etc/shadow'), 'secret');
  await writeFile(join(root, 'usr/zone'), '');
  await symlink('../usr/zone', join(root, 'etc/localtime'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('finds real directories, links of a merged /usr and public configuration', async () => {
  expect(await readHostFacts(root)).toEqual({
    directories: ['/usr', '/lib32'],
    symlinks: { '/lib': 'usr/lib' },
    configuration: {
      '/etc/localtime': join(root, 'usr/zone'),
      '/etc/ssl/certs': join(root, 'etc/ssl/certs'),
    },
  });
});

test('binds it all read-only, and weft’s own node and examples', async () => {
  const binds = hostBinds(await readHostFacts(root), { node: '/x/node', examples: undefined });
  expect(binds.every((bind) => bind.readOnly && bind.type === 'bind')).toBe(true);
  expect(binds.map((bind) => bind.destination)).toEqual([
    '/usr',
    '/lib32',
    '/etc/localtime',
    '/etc/ssl/certs',
    '/opt/weft/bin/node',
  ]);
});

test('knows the name of whoever the container runs as', () => {
  const files = skeletonFiles({ uid: 1000, gid: 1001, nameserver: '10.244.0.1' });
  expect(files['/etc/passwd']).toContain('app:x:1000:1001:');
  expect(files['/etc/group']).toContain('app:x:1001:');
  expect(files['/etc/resolv.conf']).toBe('nameserver 10.244.0.1\n');
});

test.each([0, 65534])('does not name user %i twice', (id) => {
  const { '/etc/passwd': passwd } = skeletonFiles({ uid: id, gid: id, nameserver: '10.0.0.1' });
  expect(passwd?.split('\n').filter((line) => line.split(':')[2] === String(id))).toHaveLength(1);
});
