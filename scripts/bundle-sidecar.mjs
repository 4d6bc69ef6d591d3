/**
 * Bundles the sidecar into one script, so that a pod's sidecar starts from one read instead of hundreds, and pods need
 * no package directory. Beside it stands what V8 compiles of it, which spares each start a quarter of its time. The directory's
 * name carries a hash of the content and of the Node that it is for: a running pod keeps the one that it started from.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedDataVersionTag } from 'node:v8';
import { build } from 'esbuild';
import { slimDescriptors } from './slim-descriptors.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const START = join(ROOT, 'scripts/sidecar-start.cjs');
const KEEP_CODE = join(ROOT, 'scripts/keep-code.cjs');

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  absWorkingDir: ROOT,
  entryPoints: ['sidecar/main.ts'],
  bundle: true,
  platform: 'node',
  /** A script can be given compiled code, an ES module cannot; nor can a script import, so it requires instead. */
  format: 'cjs',
  supported: { 'dynamic-import': false },
  target: 'node26',
  legalComments: 'none',
  /** Loaded only on a Node without node:ffi. */
  external: ['koffi'],
  logLevel: 'error',
};

/**
 * Writes the directory `OUTDIR/sidecar-HASH` unless it is there already, and returns the path of its `main.cjs`, the program to run.
 * @param {string} outDir created when missing
 * @param {readonly import('esbuild').Plugin[]} extraPlugins of those who measure or test the bundle
 * @returns {Promise<string>}
 */
export async function bundleSidecar(outDir, extraPlugins = []) {
  const { metafile } = await build({ ...OPTIONS, write: false, metafile: true });
  const sources = Object.keys(metafile.inputs).filter(isOwnSource);
  const plugins = [...extraPlugins, await slimDescriptors(ROOT, sources), englishOnly];
  const { outputFiles } = await build({ ...OPTIONS, write: false, minify: true, plugins });
  const code = `(function(require){${inAscii(outputFiles[0].text)}})`;
  const directory = join(outDir, `sidecar-${await hashOf(code)}`);
  if (!(await exists(directory))) await writeWhole(directory, code);
  return join(directory, 'main.cjs');
}

async function hashOf(code) {
  const hash = createHash('sha256').update(code);
  for (const path of [START, KEEP_CODE]) hash.update(await readFile(path));
  hash.update(`${process.version} ${cachedDataVersionTag()}`);
  return hash.digest('hex').slice(0, 16);
}

/** The directory comes into being with everything in it. Whoever wrote the same at the same time may have been first. */
async function writeWhole(directory, code) {
  const draft = `${directory}.${process.pid}`;
  await mkdir(draft, { recursive: true, mode: 0o755 });
  try {
    const script = join(draft, 'sidecar.js');
    await writeFile(script, code, { mode: 0o644 });
    await copyFile(START, join(draft, 'main.cjs'));
    await promisify(execFile)(process.execPath, [KEEP_CODE, script, join(draft, 'sidecar.cache')], {
      env: {},
    });
    await rename(draft, directory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(directory))) throw error;
  }
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
