/**
 * Bundles the sidecar into one file, so that a pod's sidecar starts from one read instead of hundreds, and pods need
 * no package directory. The name carries a hash of the content: a running pod keeps the file that it started from.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { slimDescriptors } from './slim-descriptors.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** CommonJS packages inside the bundle ask for `require`. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`;

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  absWorkingDir: ROOT,
  entryPoints: ['sidecar/main.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node26',
  legalComments: 'none',
  /** Loaded only where they are needed: koffi on a Node without node:ffi; proto-loader by channelz and ORCA, which are off. */
  external: ['koffi', '@grpc/proto-loader'],
  banner: { js: REQUIRE },
  logLevel: 'error',
};

/**
 * Writes `OUTDIR/sidecar-HASH.mjs` unless it is there already, and returns its path.
 * @param {string} outDir created when missing
 * @param {readonly import('esbuild').Plugin[]} extraPlugins of those who measure or test the bundle
 * @returns {Promise<string>}
 */
export async function bundleSidecar(outDir, extraPlugins = []) {
  const { metafile } = await build({ ...OPTIONS, write: false, metafile: true });
  const sources = Object.keys(metafile.inputs).filter(isOwnSource);
  const plugins = [...extraPlugins, await slimDescriptors(ROOT, sources), englishOnly, httpWithoutUndici];
  const { outputFiles } = await build({ ...OPTIONS, write: false, minify: true, plugins });
  const code = inAscii(outputFiles[0].text);
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const path = join(outDir, `sidecar-${hash}.mjs`);
  await mkdir(outDir, { recursive: true });
  if (await exists(path)) return path;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, code, { mode: 0o644 });
  await rename(draft, path);
  return path;
}

/**
 * A single character beyond makes V8 keep the whole source with two bytes for each: 1 MB more. esbuild writes such
 * characters of regular expressions as they are.
 */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** zod carries its messages in fifty languages. */
const englishOnly = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: `export { default as en } from './en.js';`,
      resolveDir: dirname(path),
    }));
  },
};

/**
 * An `import` of node:http by an ES module reads its every export, and one of them loads undici: 2 MB and 8 ms. So
 * its plain exports are taken from the built-in module itself.
 */
const httpWithoutUndici = {
  name: 'http-without-undici',
  setup(build) {
    const plain = Object.entries(Object.getOwnPropertyDescriptors(http)).filter(
      ([, { get }]) => get === undefined,
    );
    build.onResolve({ filter: /^node:http$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `export const { ${plain.map(([name]) => name).join(', ')} } = process.getBuiltinModule('${path}');`,
    }));
  },
};

function isOwnSource(path) {
  return !path.startsWith('node_modules/') && !path.startsWith('api/xds/gen/');
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await bundleSidecar(process.argv[2] ?? join(ROOT, 'dist')));
}
