/** One of Envoy's response flags, of those that this sidecar can cause (`%RESPONSE_FLAGS%`). `-` is none. */
export type LoneFlag =
  /** Nothing went wrong here. */
  | '-'
  /** No route for the request. */
  | 'NR'
  /** No healthy upstream. */
  | 'UH'
  /** Upstream connection failure. */
  | 'UF'
  /** Upstream overflow: a circuit breaker is open. */
  | 'UO'
  /** Upstream connection terminated. */
  | 'UC'
  /** Upstream request timeout. */
  | 'UT'
  /** The duration that the request or its connection may take is over. */
  | 'DT'
  /** Stream idle timeout. */
  | 'SI'
  /** Downstream connection terminated. */
  | 'DC'
  /** Downstream protocol error. */
  | 'DPE'
  /** Upstream protocol error. */
  | 'UPE'
  /** Retry limit exceeded. */
  | 'URX'
  /** No cluster found. */
  | 'NC'
  /** A fault was injected: a delay. */
  | 'DI'
  /** A fault was injected: an abort. */
  | 'FI'
  /** Rate limited here. */
  | 'RL';

/** A flag, or several with commas between, in the order in which Envoy sets them: `URX,UF` is a connect failure after all tries. */
export type ResponseFlag = LoneFlag | `${LoneFlag},${string}`;

/** `flag`, then `after`. */
export function flagsOf(flag: LoneFlag, after: ResponseFlag): ResponseFlag {
  return after === '-' ? flag : `${flag},${after}`;
}
