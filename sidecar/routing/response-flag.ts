/** Envoy's response flags, the ones that this sidecar can cause (`%RESPONSE_FLAGS%`). `-` is none. */
export type ResponseFlag =
  /** Nothing went wrong here. */
  | '-'
  /** No route for the request. */
  | 'NR'
  /** No healthy upstream. */
  | 'UH'
  /** Upstream connection failure. */
  | 'UF'
  /** Upstream connection terminated. */
  | 'UC'
  /** Upstream request timeout. */
  | 'UT'
  /** Downstream connection terminated. */
  | 'DC'
  /** Downstream protocol error. */
  | 'DPE'
  /** Upstream protocol error. */
  | 'UPE'
  /** Retry limit exceeded. */
  | 'URX'
  /** No cluster found. */
  | 'NC';
