/**
 * Expressions of the Common Expression Language in which Telemetry objects say what a tag's value is and which requests
 * are logged. The attributes that they may name are Envoy's (request.path, response.code, source.address, …).
 */

/** What an expression can be told of: an attribute's value by its dotted name (`response.code`), or undefined. */
export type AttributeLookup = (name: string) => unknown;

/** A compiled expression. Never throws: what cannot be evaluated is undefined, as an attribute that is missing. */
export type Expression = (lookup: AttributeLookup) => unknown;
