/**
 * Bundles the sidecar into one file, so that a pod's sidecar starts from one read instead of hundreds, and pods need
 * no package directory. The name carries a hash of the content: a running pod keeps the file that it started from.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** CommonJS packages inside the bundle ask for `require`. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`;

/**
 * Writes `OUTDIR/sidecar-HASH.mjs` unless it is there already, and returns its path.
 * @param {string} outDir created when missing
 * @returns {Promise<string>}
 */
export async function bundleSidecar(outDir) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['sidecar/main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    minify: true,
    keepNames: false,
    legalComments: 'none',
    external: ['koffi'],
    banner: { js: REQUIRE },
    logLevel: 'error',
  });
  const code = outputFiles[0].contents;
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const path = join(outDir, `sidecar-${hash}.mjs`);
  await mkdir(outDir, { recursive: true });
  if (await exists(path)) return path;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, code, { mode: 0o644 });
  await rename(draft, path);
  return path;
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
