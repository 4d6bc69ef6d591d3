import { expect, test } from 'vitest';
import { mountsUnder, parseMountInfo } from './mount-table.ts';

const TEXT = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard',
  '30 22 0:4 net:[4026532300] /run/weft/a rw shared:2 - nsfs nsfs rw',
  '31 30 0:4 net:[4026532301] /run/weft/a/b\\040c rw - nsfs nsfs rw',
  '32 22 0:30 / /run/wefted rw - tmpfs tmpfs rw,size=4k',
  '33 22 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '',
].join('\n');

test('reads mount points, types and the options of the file system', () => {
  const entries = parseMountInfo(TEXT);
  expect(entries).toHaveLength(5);
  expect(entries[2]?.mountPoint).toBe('/run/weft/a/b c');
  expect(entries[4]).toEqual({
    mountPoint: '/sys/fs/cgroup/memory',
    type: 'cgroup',
    superOptions: ['rw', 'memory'],
  });
});

test('lists what lies under a directory, the deepest first, and not its namesakes', () => {
  expect(mountsUnder(parseMountInfo(TEXT), '/run/weft')).toEqual(['/run/weft/a/b c', '/run/weft/a']);
});
