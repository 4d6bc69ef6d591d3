/**
 * How many series there may be. Names of workloads, status codes and the values of expressions come from the network, so each
 * kind of them has its ceiling; what is beyond is counted on in a series of its kind that stands for all others, so that sums stay
 * exact, and how often that happened is told.
 *
 * One outcome is some 60 KiB of the page, and a page that takes too long is not scraped at all: so there are ceilings for
 * what one caller can make too, whose name is what its certificate says and not what it says of itself. They keep the page
 * small, and leave room for what others do.
 */

/** Distinct (reporter, peer, service) per protocol; peers beyond count as unknown. */
export const MAX_PEERS = 500;
/** The same for callers of one principal; those without one count as one. */
export const MAX_PEERS_OF_ONE = 100;
/** Services of unknown peers beyond these; services beyond them are one, `other`. */
export const MAX_SERVICES = 500;
/** Distinct outcomes (response code and flag) of all of them; a scrape writes 66 lines for each. Codes beyond are 0. */
export const MAX_OUTCOMES = 1_000;
/** The same for callers of one principal. */
export const MAX_OUTCOMES_OF_ONE = 200;
/** Outcomes of one (reporter, peer, service): an upstream may answer with any status. */
export const MAX_OUTCOMES_EACH = 64;
/** What may be had beyond these, as a share of them, to tell flags apart; after that there is one outcome for each (reporter, peer, service). */
export const FLAGS_SHARE = 0.25;
/** Outcomes whose tags are made by expressions, for each way of changing metrics. */
export const MAX_TAGGED = 500;
/** Sets of values of expressions for one (reporter, peer, service); beyond all values are `other`. */
export const MAX_VALUES_EACH = 100;
/** Characters of a value; those beyond are cut off. */
export const MAX_VALUE_LENGTH = 256;
/** Ways of changing metrics that have series of their own after no listener has them any more: those that were asked for last. */
export const MAX_SPECS = 8;
/** Series of requests, and of connections, that ways of changing metrics before these leave behind; those beyond are lost. */
export const MAX_LEFT_OVER = 500;

/** Stands for what there are too many of. */
export const OTHER = 'other';

/** What had no series of its own, and how often one was looked for. */
export const FOLDED_KINDS = ['peer', 'service', 'outcome', 'value', 'spec'] as const;
export type Folded = Record<(typeof FOLDED_KINDS)[number], number>;

export function nothingFolded(): Folded {
  return { peer: 0, service: 0, outcome: 0, value: 0, spec: 0 };
}

/** What is left to those who share a ceiling; those who have one of their own within it are below both. */
export class OutcomeBudget {
  readonly folded: Folded;
  readonly #within: OutcomeBudget | undefined;
  readonly #flags: number;
  #left: number;

  constructor(outcomes: number, folded: Folded, within?: OutcomeBudget) {
    this.folded = folded;
    this.#left = outcomes;
    this.#flags = outcomes * FLAGS_SHARE;
    this.#within = within;
  }

  take(): void {
    this.#left -= 1;
    this.#within?.take();
  }

  get isSpent(): boolean {
    return this.#left <= 0 || this.#within?.isSpent === true;
  }

  /** Whether flags cannot be told apart any more. */
  get isOverdrawn(): boolean {
    return this.#left <= -this.#flags || this.#within?.isOverdrawn === true;
  }
}
