/** The addresses of one name, asked for again and again. */
import { BlockList, isIPv6 } from 'node:net';
import type { Clock, Timer } from '#api/foundation/clock.ts';
import type { NameResolver, ResolvedAddress } from './resolver.ts';

/** In which order address families are asked for: those of the first that has any count, or all of them. */
export interface LookupFamily {
  readonly order: readonly (4 | 6)[];
  readonly all: boolean;
}

export interface NamePolicy {
  readonly family: LookupFamily;
  /** Time to the next question, milliseconds, when the answer's own does not count, and after a failure. */
  readonly refreshMs: number;
  readonly respectTtl: boolean;
}

/** However short an answer says that it holds. */
export const MIN_REFRESH_MS = 1_000;
/** However long. */
const MAX_REFRESH_MS = 86_400_000;
/** A name with more addresses than this is not a name of one service. */
export const MAX_ADDRESSES = 256;

export class NameWatch {
  /** The last good answer, sorted; it stays while no better one comes. */
  addresses: readonly string[] = [];
  /** Asked and answered, by a failure at least. */
  settled = false;
  readonly #name: string;
  readonly #policy: NamePolicy;
  readonly #resolver: NameResolver;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #timer: Timer | undefined;
  #stopped = false;

  /** `changed` is called when the first answer has come, and when the addresses are others than before. */
  constructor(name: string, policy: NamePolicy, resolver: NameResolver, clock: Clock, changed: () => void) {
    this.#name = name;
    this.#policy = policy;
    this.#resolver = resolver;
    this.#clock = clock;
    this.#changed = changed;
  }

  start(): void {
    this.#ask().then(
      (found) => this.#answered(found),
      () => this.#answered([]),
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<readonly ResolvedAddress[]> {
    const { order, all } = this.#policy.family;
    const found: ResolvedAddress[] = [];
    for (const family of order) {
      if (found.length > 0 && !all) break;
      found.push(...(await this.#resolver.resolve(this.#name, family).catch(() => [])));
    }
    return found;
  }

  #answered(found: readonly ResolvedAddress[]): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(this.#nextMs(found), () => this.start());
    const addresses = [...new Set(found.map(({ address }) => address))]
      .filter(isElsewhere)
      .sort()
      .slice(0, MAX_ADDRESSES);
    const isNews = addresses.length > 0 && addresses.join() !== this.addresses.join();
    if (isNews) this.addresses = addresses;
    const isFirst = !this.settled;
    this.settled = true;
    if (isNews || isFirst) this.#changed();
  }

  #nextMs(found: readonly ResolvedAddress[]): number {
    const { refreshMs, respectTtl } = this.#policy;
    if (found.length === 0 || !respectTtl) return Math.max(MIN_REFRESH_MS, refreshMs);
    const ttlMs = Math.min(...found.map((each) => each.ttlMs));
    return Math.min(MAX_REFRESH_MS, Math.max(MIN_REFRESH_MS, ttlMs));
  }
}

const HERE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
] as const)
  HERE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  HERE.addSubnet(network, prefix, 'ipv6');

/**
 * Whoever owns a name says what it resolves to. Loopback would be this sidecar's own ports, its admin's among them, and
 * link-local what the machine's provider keeps there: nobody's service.
 */
function isElsewhere(address: string): boolean {
  return !HERE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
