/** Writes `OUTDIR/sidecar-HASH.mjs` unless it is there already, and returns its path. */
export function bundleSidecar(outDir: string): Promise<string>;
