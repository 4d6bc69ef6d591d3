import { defineConfig } from 'vitest/config';

/**
 * `unit`: beside the code, no root, no network beyond loopback.
 * `mesh`: real namespaces, real redirects, a real OCI runtime: root, one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{api,control-plane,sidecar,node-runtime,trace-viewer,cli,examples,bench,soak,fuzz}/**/*.test.ts',
            'test/{unit,simulation}/**/*.test.ts',
            'test/smuggling/{,compared/}*.test.ts',
          ],
          setupFiles: ['test/setup/seed.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'mesh',
          include: ['test/{mesh,node,conformance}/**/*.test.ts', 'test/smuggling/installed/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
