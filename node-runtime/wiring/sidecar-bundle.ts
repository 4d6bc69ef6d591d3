/** Bundles the sidecar into a directory in `directory` and returns the path of its program. The bundler is a build script in plain JavaScript. */
export async function bundleSidecar(directory: string): Promise<string> {
  const script = new URL('../../scripts/bundle-sidecar.mjs', import.meta.url);
  const bundler = (await import(script.href)) as { bundleSidecar(outDir: string): Promise<string> };
  return bundler.bundleSidecar(directory);
}
