/**
 * Who may import whom, and why. Imports go one way so that each program can be read, tested and replaced alone:
 * the programs meet over the wire, and `api` is what they agree on.
 *
 * A regular expression finds the imports: they are plain in this code base (no computed specifiers), and a parser
 * would be one more dependency for the same answer.
 */
import { posix } from 'node:path';
import { type SourceFile, withoutComments } from './source-files.ts';

export interface Edge {
  readonly from: string;
  /** The specifier as written. */
  readonly specifier: string;
  /** Path from the root for the house's own files; the specifier itself for packages and built-ins. */
  readonly to: string;
  /** Names between the braces; empty for `import x`, `import * as x` and side effects. */
  readonly names: readonly string[];
}

export interface Breach {
  readonly edge: string;
  readonly reason: string;
}

const ROOMS = [
  'api',
  'control-plane',
  'sidecar',
  'node-runtime',
  'trace-viewer',
  'cli',
  'test',
  'bench',
  'soak',
  'fuzz',
  'examples',
  'scripts',
];

/**
 * What each room may import beside itself. Tests, benchmarks and scripts cross rooms: that is what they are for. A test that
 * stands beside the code may use `test/support` and `scripts` too.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  api: [],
  'control-plane': ['api'],
  sidecar: ['api'],
  'node-runtime': ['api'],
  'trace-viewer': ['api'],
  cli: ['api'],
  examples: [],
  scripts: ROOMS,
  test: ROOMS,
  bench: ROOMS,
  soak: ROOMS,
  fuzz: ROOMS,
};

/** Folders and files that decide and never act: they can be simulated with a seed and a moved clock. */
export const PURE: readonly RegExp[] = [
  /^api\/kinds\//,
  /^control-plane\/translation\//,
  /^sidecar\/routing\//,
  /^sidecar\/upstream\/(balancer|load-estimate|cluster-policy|tracked-endpoint|endpoint-cluster)\.ts$/,
  /^sidecar\/upstream\/(balancers|locality|outlier)\//,
  /^node-runtime\/injection\//,
  /^node-runtime\/network\/(redirect-rules|host-rules|sandbox-commands|addresses|names)\.ts$/,
  /^node-runtime\/oci\/(bundle|bundle-mounts|spec|capabilities|seccomp)\.ts$/,
  /^node-runtime\/pod\/(decide|decision|pod-status|conditions|restart-backoff|container-plan|environment)\.ts$/,
  /^control-plane\/push\/(session-state|advance|proxy-status)\.ts$/,
  /^cli\/(describe|demo\/report|mesh\/choose-config|mesh\/cidr|proxy\/config-tables|resources\/three-way)/,
];

/** Files that put a program together. Who imports one drags the whole program along. */
const WIRING: readonly RegExp[] = [
  /^(control-plane|sidecar|node-runtime|trace-viewer|cli)\/main\.ts$/,
  /^(control-plane|sidecar|node-runtime|trace-viewer)\/\1\.ts$/,
];

/** Built-ins that touch nothing outside the process, and the harmless names of those that could. */
const PURE_BUILTINS = new Set([
  'node:assert',
  'node:buffer',
  'node:path',
  'node:string_decoder',
  'node:url',
  'node:util',
]);
const PURE_NAMES: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['BlockList', 'isIP', 'isIPv4', 'isIPv6'],
  'node:crypto': ['createHash', 'hash', 'timingSafeEqual', 'X509Certificate'],
};

const STATEMENT = /(?:^|[\n;])\s*(?:import|export)\b([^'";]*?)\bfrom\s*['"]([^'"]+)['"]/g;
const BARE = /(?:^|[\n;])\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

export function edgesOf(file: SourceFile): Edge[] {
  const text = withoutComments(file.text);
  const edge = (specifier: string, names: readonly string[] = []): Edge => ({
    from: file.path,
    specifier,
    to: resolve(file.path, specifier),
    names,
  });
  return [
    ...[...text.matchAll(STATEMENT)].map((match) => edge(match[2]!, namesIn(match[1]!))),
    ...[...text.matchAll(BARE)].map((match) => edge((match[1] ?? match[2])!)),
  ];
}

function namesIn(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
  return braces
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0]!,
    )
    .filter((name) => name !== '');
}

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  return specifier;
}

function roomOf(path: string): string | undefined {
  const room = path.split('/')[0]!;
  return ROOMS.includes(room) ? room : undefined;
}

const isTest = (path: string): boolean => path.endsWith('.test.ts') || /^(test|bench|soak)\//.test(path);

type Rule = (edge: Edge) => string | undefined;

const oneWay: Rule = ({ from, specifier, to }) => {
  const own = roomOf(from)!;
  if (!specifier.startsWith('#') && !specifier.startsWith('.')) return undefined;
  const other = roomOf(to);
  if (other === undefined || other === own || ALLOWED[own]!.includes(other)) return undefined;
  if (isTest(from) && (other === 'test' || other === 'scripts')) return undefined;
  return own === 'api'
    ? 'api is the contract: it imports nothing of the house'
    : `${own} imports itself and ${ALLOWED[own]!.join(', ') || 'nothing else'}: programs meet over the wire`;
};

const acrossByName: Rule = ({ from, specifier, to }) =>
  specifier.startsWith('.') &&
  roomOf(to) !== roomOf(from) &&
  roomOf(from) !== 'test' &&
  roomOf(to) !== 'scripts'
    ? 'between rooms, write #room/…: a relative path hides that a border is crossed'
    : undefined;

const pure: Rule = ({ from, to, names }) => {
  if (isTest(from) || !PURE.some((room) => room.test(from)) || !to.startsWith('node:')) return undefined;
  if (PURE_BUILTINS.has(to)) return undefined;
  const harmless = PURE_NAMES[to] ?? [];
  if (names.length > 0 && names.every((name) => harmless.includes(name))) return undefined;
  return 'this room only decides: what it needs of the world comes as an argument';
};

const notTheWiring: Rule = ({ from, to }) => {
  if (isTest(from) || !WIRING.some((file) => file.test(to))) return undefined;
  return WIRING[0]!.test(from) ? undefined : 'only a main.ts starts the wiring: parts do not know the whole';
};

const RULES: readonly Rule[] = [oneWay, acrossByName, pure, notTheWiring];

/** Every import that breaks a rule, as `from -> to`, with the reason. */
export function breachesOf(files: readonly SourceFile[]): Breach[] {
  return files.flatMap(edgesOf).flatMap((edge) =>
    RULES.map((rule) => rule(edge))
      .filter((reason) => reason !== undefined)
      .map((reason) => ({ edge: `${edge.from} -> ${edge.to}`, reason })),
  );
}

const CLOCKS_AND_DICE =
  /\b(Date\.now|Math\.random|performance\.now|new Date(?=\(\))|setTimeout|setInterval|setImmediate)\b/g;

/** Clocks and dice that a pure room takes by itself instead of being handed them. */
export function impurities(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => !isTest(file.path) && PURE.some((room) => room.test(file.path)))
    .flatMap((file) =>
      [...withoutComments(file.text).matchAll(CLOCKS_AND_DICE)].map((match) => ({
        edge: `${file.path} uses ${match[1]}`,
        reason: 'time and randomness are arguments, so that every policy can be simulated with a seed',
      })),
    );
}
