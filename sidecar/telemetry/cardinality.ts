/**
 * How many series there may be. Names of workloads, status codes and the values of expressions come from the network, so each
 * kind of them has its ceiling; what is beyond is counted on in a series of its kind that stands for all others, so that sums stay
 * exact, and how often that happened is told.
 */

/** Distinct (reporter, peer, service) per protocol; peers beyond count as unknown. */
export const MAX_PEERS = 1_000;
/** Services of unknown peers beyond these; services beyond them are one, `other`. */
export const MAX_SERVICES = 1_000;
/** Distinct outcomes (response code and flag) of all of them; a scrape writes 66 lines for each. Codes beyond are 0. */
export const MAX_OUTCOMES = 2_000;
/** Outcomes of one (reporter, peer, service): an upstream may answer with any status. */
export const MAX_OUTCOMES_EACH = 64;
/** What may be had beyond `MAX_OUTCOMES` to tell flags apart; after these there is one outcome for each (reporter, peer, service). */
export const MAX_FLAGS = 1_000;
/** Outcomes whose tags are made by expressions, for each way of changing metrics. */
export const MAX_TAGGED = 1_000;
/** Sets of values of expressions for one (reporter, peer, service); beyond all values are `other`. */
export const MAX_VALUES_EACH = 100;
/** Characters of a value; those beyond are cut off. */
export const MAX_VALUE_LENGTH = 256;
/** Ways of changing metrics that are told after no listener has them any more: those that were asked for last. */
export const MAX_SPECS = 8;

/** Stands for what there are too many of. */
export const OTHER = 'other';

/** What had no series of its own, and how often one was looked for. */
export const FOLDED_KINDS = ['peer', 'service', 'outcome', 'value', 'spec'] as const;
export type Folded = Record<(typeof FOLDED_KINDS)[number], number>;

export function nothingFolded(): Folded {
  return { peer: 0, service: 0, outcome: 0, value: 0, spec: 0 };
}

/** What is left to those who share a ceiling. */
export interface OutcomeBudget {
  left: number;
  readonly folded: Folded;
}
