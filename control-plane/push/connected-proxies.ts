import type { Node } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';

/** A mesh runs a few versions at a time; a client can say anything. */
const MAX_VERSIONS = 16;
const VERSION = /^[\w.+-]{1,64}$/;

/** Counts the proxies that are connected by the version that they say they are (Istio's metadata `ISTIO_VERSION`). */
export class ConnectedProxies {
  readonly #counts = new Map<string, number>();
  readonly #tell: (version: string, proxies: number) => void;

  constructor(tell: (version: string, proxies: number) => void) {
    this.#tell = tell;
  }

  /** Returns the way to say that it has left. */
  joined(node: Node | undefined): () => void {
    const version = this.#versionOf(node);
    const add = (by: number): void => {
      const count = (this.#counts.get(version) ?? 0) + by;
      this.#counts.set(version, count);
      this.#tell(version, count);
    };
    add(1);
    return () => add(-1);
  }

  #versionOf(node: Node | undefined): string {
    const said = node?.metadata?.['ISTIO_VERSION'];
    if (typeof said !== 'string' || !VERSION.test(said)) return 'unknown';
    if (this.#counts.has(said) || this.#counts.size < MAX_VERSIONS) return said;
    return 'other';
  }
}
