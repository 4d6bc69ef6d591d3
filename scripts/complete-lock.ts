/**
 * Makes package-lock.json good for every npm: completes it with the platform packages that npm left out, and takes
 * out the Node.js that optional packages ask for.
 *
 * npm drops an optional package from the lock file when the registry at hand does not carry it (mirrors often
 * carry linux only), and then `npm ci` of npm 11 refuses the lock file as out of step. Each gap is filled with
 * what is known without the registry: the exact version that its parent names, and the platform that its name says.
 *
 * npm leaves an optional package out without a word when the Node.js that runs npm is older than the package asks
 * for. On Debian 12 that is Node 18, although the packages then run on the Node 26 that `npm ci` brings: the test
 * runner would lack its native part. Without the field in the lock file npm asks about the platform only.
 *
 * Run after `npm install` changed the lock file: node scripts/complete-lock.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface LockEntry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}
interface Lock {
  packages: Record<string, LockEntry>;
}

const SYSTEMS = [
  'linux',
  'darwin',
  'win32',
  'android',
  'freebsd',
  'netbsd',
  'openbsd',
  'sunos',
  'aix',
  'openharmony',
];
const CPUS: readonly (readonly [RegExp, string])[] = [
  [/^(arm64|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el|wasm32)$/, '$1'],
  [/^(?:arm|armv7|armhf)$/, 'arm'],
];
const LIBCS: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
};

/** The lock entry of a platform package, from its name (`@oxc-parser/binding-linux-arm-musleabihf`). */
export function platformEntry(name: string, version: string, dev: boolean): LockEntry | undefined {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.map(cpuOf).find((word) => word !== undefined);
  if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) return undefined;
  const libc = os === 'linux' ? LIBCS[words.at(-1) ?? ''] : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc !== undefined && { libc: [libc] }),
    optional: true,
    ...(os !== undefined && { os: [os] }),
  };
}

function cpuOf(word: string): string | undefined {
  const rule = CPUS.find(([pattern]) => pattern.test(word));
  return rule === undefined ? undefined : word.replace(rule[0], rule[1]);
}

/** Every optional package that an entry names and the lock file lacks. */
export function gapsOf(lock: Lock): { name: string; version: string; dev: boolean }[] {
  return Object.values(lock.packages).flatMap((entry) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name, version]) => /^\d/.test(version) && !(`node_modules/${name}` in lock.packages))
      .map(([name, version]) => ({ name, version, dev: entry['dev'] === true })),
  );
}

/** Optional packages that npm would leave out under an old Node.js. */
export function boundToNode(lock: Lock): string[] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    entry['optional'] === true && 'engines' in entry ? [path] : [],
  );
}

function withoutEngines(entry: LockEntry): LockEntry {
  const { engines: _, ...rest } = entry;
  return entry['optional'] === true ? rest : entry;
}

/** The lock file with its gaps filled and no optional package bound to a Node.js, entries in npm's order. */
export function completed(lock: Lock): Lock {
  const filled = gapsOf(lock).flatMap(({ name, version, dev }) => {
    const entry = platformEntry(name, version, dev);
    return entry === undefined ? [] : [[`node_modules/${name}`, entry] as const];
  });
  const packages = [...Object.entries(lock.packages), ...filled]
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([path, entry]) => [path, withoutEngines(entry)] as const);
  return { ...lock, packages: Object.fromEntries(packages) };
}

if (import.meta.main) {
  const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
  const missing = gapsOf(lock).length;
  const bound = boundToNode(lock).length;
  const check = process.argv.includes('--check');
  if (missing + bound > 0 && !check) writeFileSync(path, `${JSON.stringify(completed(lock), null, 2)}\n`);
  process.stdout.write(
    `package-lock.json: ${missing} platform packages were missing, ${bound} optional ones bound to a Node.js\n`,
  );
  process.exitCode = check && missing + bound > 0 ? 1 : 0;
}
