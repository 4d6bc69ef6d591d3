/** Envoy's `envoy.access_loggers.file` on standard output. */
export interface AccessLogSpec {
  /** Equal for equal specs. */
  readonly key: string;
  /** Command operators of Envoy (`%START_TIME%`): a line of text, or the values of a JSON object. */
  readonly format: { readonly text: string } | { readonly json: JsonFormat };
  /** Left out where an attribute has no value (Envoy's omit_empty_values). */
  readonly omitEmpty: boolean;
  /** CEL; only what it holds for is written. Undefined: everything. */
  readonly filter: string | undefined;
}

export interface JsonFormat {
  readonly [name: string]: string | number | boolean | JsonFormat;
}
