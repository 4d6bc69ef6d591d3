/** The sidecar's production bundle, with the redirect told (told-destination.ts). Made once for each state of the sources. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { BENCH_DIRECTORY } from '../harness/programs.ts';

const toldDestination: Plugin = {
  name: 'told-destination',
  setup(build) {
    build.onLoad({ filter: /\/sidecar\/intercept\/original-destination\.ts$/ }, () => ({
      contents: readFileSync(join(import.meta.dirname, 'told-destination.ts'), 'utf8'),
      loader: 'ts',
    }));
  },
};

export async function bundleMeasuredSidecar(): Promise<string> {
  const script = new URL('../../scripts/bundle-sidecar.mjs', import.meta.url);
  const { bundleSidecar } = (await import(script.href)) as {
    bundleSidecar(outDir: string, plugins: readonly Plugin[]): Promise<string>;
  };
  return bundleSidecar(BENCH_DIRECTORY, [toldDestination]);
}
