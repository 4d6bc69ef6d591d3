import type { LoneFlag, ResponseFlag } from '#sidecar/routing/response-flag.ts';

/** Envoy's long names (`%RESPONSE_FLAGS_LONG%`) and its bits (`response.flags`). */
const WORDS: Readonly<Record<LoneFlag, readonly [name: string, bit: number]>> = {
  '-': ['-', 0],
  UH: ['NoHealthyUpstream', 0x2],
  UT: ['UpstreamRequestTimeout', 0x4],
  UF: ['UpstreamConnectionFailure', 0x20],
  UC: ['UpstreamConnectionTermination', 0x40],
  UO: ['UpstreamOverflow', 0x80],
  NR: ['NoRouteFound', 0x100],
  DI: ['DelayInjected', 0x200],
  FI: ['FaultInjected', 0x400],
  RL: ['RateLimited', 0x800],
  DC: ['DownstreamConnectionTermination', 0x4000],
  URX: ['UpstreamRetryLimitExceeded', 0x8000],
  SI: ['StreamIdleTimeout', 0x10000],
  DPE: ['DownstreamProtocolError', 0x40000],
  DT: ['DurationTimeout', 0x400000],
  UPE: ['UpstreamProtocolError', 0x800000],
  NC: ['NoClusterFound', 0x1000000],
};

/** Of several, joined by commas as they are. */
export function flagNames(flags: ResponseFlag): string {
  return lone(flags)
    .map((flag) => WORDS[flag][0])
    .join(',');
}

/** 0 is none. */
export function flagBits(flags: ResponseFlag): number {
  let bits = 0;
  for (const flag of lone(flags)) bits |= WORDS[flag][1];
  return bits;
}

/** The bit of a flag by its short name; undefined when this sidecar never raises it. */
export function flagBitOf(name: string): number | undefined {
  return Object.hasOwn(WORDS, name) ? WORDS[name as LoneFlag][1] : undefined;
}

function lone(flags: ResponseFlag): LoneFlag[] {
  return flags.split(',') as LoneFlag[];
}
