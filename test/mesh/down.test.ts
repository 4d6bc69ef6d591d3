import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programPod, service } from '../support/programs.ts';

test('a mesh that is taken down leaves nothing in the kernel', async () => {
  await using mesh = await TestMesh.start();
  await mesh.apply(
    service('web'),
    programPod({
      name: 'web',
      app: 'web',
      program: PROGRAMS.SERVER,
      ready: true,
      spec: { volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } }] },
      container: { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] },
    }),
  );
  await mesh.podReady('web');
  expect(traces(mesh).filter(({ found }) => found.length === 0)).toEqual([]);
  await mesh.down();
  expect(traces(mesh).filter(({ found }) => found.length > 0)).toEqual([]);
});

interface Trace {
  readonly kind: string;
  readonly found: readonly string[];
}

/** Everything that carries the mesh's name. */
function traces({ config }: TestMesh): Trace[] {
  const matching = (kind: string, lines: readonly string[], mark: string): Trace => ({
    kind,
    found: lines.filter((line) => line.includes(mark)),
  });
  const run = (file: string, ...args: string[]): string[] =>
    execFileSync(file, args, { encoding: 'utf8' }).split('\n');
  return [
    matching('processes', processes(), config.runDir),
    matching('links', run('ip', '-o', 'link'), `${config.id}-`),
    matching('routes', run('ip', 'route'), config.serviceCidr),
    matching('rules', run('nft', 'list', 'tables'), `weft_${config.id}`),
    matching('namespaces', readdirSync('/run/netns'), `${config.id}-`),
    matching('mounts', readFileSync('/proc/self/mountinfo', 'utf8').split('\n'), config.runDir),
    matching(
      'cgroups',
      run('find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', `weft-${config.id}*`),
      config.id,
    ),
  ];
}

/** Command lines, and for containers the cgroup that they are in. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
}
