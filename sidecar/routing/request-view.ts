/**
 * What a routing decision may read of a request. The codec hands over byte offsets behind this view, so that a
 * string is made only for what a rule asks for. Nothing here is particular to HTTP/1.1.
 */
export interface RequestView {
  readonly method: string;
  /** Path with query, as sent; `*` and absolute forms already reduced to a path. */
  readonly path: string;
  /** The path starts with `/`: all but the `*` of an OPTIONS do. Tells so without a string. */
  readonly rooted: boolean;
  /** Host header, or :authority; lower case, as sent otherwise (a port may follow). */
  readonly authority: string;
  /** `https` when the request came over TLS that ended here. */
  readonly scheme: 'http' | 'https';
  /** Values of a header (name in lower case) joined by `, `, undefined when absent. */
  header(name: string): string | undefined;
}
