import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { hierarchies } from './daemon-cgroup.ts';
import { daemonOf } from './daemons.ts';
import { holderOf, parseListeners, parseRoutes } from './host-use.ts';

describe('/proc', () => {
  test('tells which ports have listeners', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0',
      '   1: 0100007F:8AE2 0100007F:192B 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 20 4 30 10 -1',
    ];
    expect(parseListeners(table.join('\n'))).toEqual([{ port: 6443, inode: '4242' }]);
  });

  test('tells which ranges are routed, the default route left out', () => {
    const table = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'weft-br\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    ];
    expect(parseRoutes(table.join('\n'))).toEqual([{ link: 'weft-br', base: 0x0af40000, bits: 16 }]);
  });

  test('tells who holds a port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(holderOf(port)).toContain(`pid ${process.pid}`);
    await new Promise((resolve) => server.close(resolve));
    expect(holderOf(port)).toBeUndefined();
  });

  test('tells the cgroup hierarchies, but not cpuset of version 1', () => {
    const line = (point: string, type: string, options: string): string =>
      `30 24 0:26 / ${point} rw,nosuid - ${type} ${type} ${options}`;
    const v1 = [
      line('/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
      line('/sys/fs/cgroup/cpuset', 'cgroup', 'rw,cpuset'),
    ];
    const unified = line('/sys/fs/cgroup/unified', 'cgroup2', 'rw,nsdelegate');
    const other = line('/tmp', 'tmpfs', 'rw');
    expect(hierarchies([...v1, unified, other].join('\n'))).toEqual([
      '/sys/fs/cgroup/memory',
      '/sys/fs/cgroup/unified',
    ]);
  });
});

describe('a command line', () => {
  const CONFIG = '/d/mesh.json';
  test.each([
    [
      'the program',
      ['/n/node', '/w/control-plane/main.ts', '--config', CONFIG, ''],
      { program: 'control-plane', role: 'program' },
    ],
    [
      'its keeper',
      [
        '/bin/sh',
        '/w/cli/supervisor/keeper.sh',
        'node-runtime',
        '/r',
        '/l',
        '',
        '/n/node',
        '/w/node-runtime/main.ts',
        '--config',
        CONFIG,
      ],
      { program: 'node-runtime', role: 'keeper' },
    ],
    ['another mesh', ['/n/node', '/w/control-plane/main.ts', '--config', '/e/mesh.json'], undefined],
    ['a tear-down', ['/n/node', '/w/node-runtime/main.ts', '--config', CONFIG, '--tear-down'], undefined],
    [
      'an addon',
      ['prometheus', '--config.file=prometheus.yml', '--web.page-title=Prometheus of the mesh in /d', ''],
      { program: 'prometheus', role: 'program' },
    ],
    [
      'an addon’s keeper',
      [
        '/bin/sh',
        '/w/keeper.sh',
        'prometheus',
        '/r',
        '/l',
        '',
        '--web.page-title=Prometheus of the mesh in /d',
      ],
      { program: 'prometheus', role: 'keeper' },
    ],
    ['somebody’s Prometheus', ['prometheus', '--config.file=/d/prometheus.yml'], undefined],
    ['an editor', ['vi', '/w/control-plane/main.ts'], undefined],
    ['nothing', [], undefined],
  ])('of %s', (_name, argv, daemon) => {
    expect(daemonOf(argv, CONFIG)).toEqual(daemon);
  });
});
