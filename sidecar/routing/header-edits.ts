/** One line to write. `name` in lower case; `value` without line ends. */
export interface HeaderLine {
  readonly name: string;
  readonly value: string;
}

/**
 * What happens to the header lines of a message, in Envoy's order: lines named in `remove` go, then each of `set`
 * replaces all lines of its name, then each of `add` is appended. `host` cannot be removed and is set as authority.
 * Framing lines (content-length, transfer-encoding, connection) are refused when the rule is compiled.
 */
export interface HeaderEdits {
  readonly remove: readonly string[];
  readonly set: readonly HeaderLine[];
  readonly add: readonly HeaderLine[];
}
