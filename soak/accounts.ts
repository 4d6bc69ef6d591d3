/**
 * What became of the requests that clients sent, and whether the sidecar says the same. Some clients leave before they are
 * answered: nobody can know from outside whether the sidecar saw their request, so that there its count has bounds. Where
 * all clients wait, the counts must be equal.
 */

/**
 * `answered`: whole. `cut`: the response began and broke off. `unanswered`: the connection ended before a response began.
 * `left`: the client went before the response was whole. `unsent`: it went before its head was out.
 */
export type Outcome = 'answered' | 'cut' | 'unanswered' | 'left' | 'unsent';

export const OUTCOMES: readonly Outcome[] = ['answered', 'cut', 'unanswered', 'left', 'unsent'];

/** One request as its client sees it. */
export interface RequestRecord {
  readonly account: string;
  outcome: Outcome | undefined;
  /** 0 before a response began. */
  status: number;
  /** The response before it said that the connection would close: the sidecar need not look at it. */
  excused: boolean;
}

/** Requests to one service. */
export interface Account {
  started: number;
  readonly outcomes: Record<Outcome, number>;
  /** Responses that began, by status. */
  readonly byStatus: Map<number, number>;
  /** Unanswered requests that need not be. */
  excused: number;
}

export class Accounts {
  readonly all: Map<string, Account> = new Map();

  /** Begins a request to `account`. */
  open(account: string): RequestRecord {
    this.#of(account).started += 1;
    return { account, outcome: undefined, status: 0, excused: false };
  }

  /** Closes it; what was closed before stays as it is. */
  settle(record: RequestRecord, outcome: Outcome): void {
    if (record.outcome !== undefined) return;
    record.outcome = outcome;
    const account = this.#of(record.account);
    account.outcomes[outcome] += 1;
    if (record.excused && outcome === 'unanswered') account.excused += 1;
    if (record.status > 0)
      account.byStatus.set(record.status, (account.byStatus.get(record.status) ?? 0) + 1);
  }

  get started(): number {
    return this.#sum(({ started }) => started);
  }

  get settled(): number {
    return this.#sum(({ outcomes }) => OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0));
  }

  of(outcome: Outcome): number {
    return this.#sum(({ outcomes }) => outcomes[outcome]);
  }

  #sum(of: (account: Account) => number): number {
    return [...this.all.values()].reduce((sum, account) => sum + of(account), 0);
  }

  #of(name: string): Account {
    const known = this.all.get(name);
    if (known !== undefined) return known;
    const outcomes = { answered: 0, cut: 0, unanswered: 0, left: 0, unsent: 0 };
    const made: Account = { started: 0, outcomes, byStatus: new Map(), excused: 0 };
    this.all.set(name, made);
    return made;
  }
}

/** What the sidecar counted of one service, by status; 0 stands for requests that ended without one. */
export type Counted = ReadonlyMap<number, number>;

/** What does not agree: nothing when all requests are accounted for. */
export function disagreements(accounts: Accounts, counted: ReadonlyMap<string, Counted>): string[] {
  const names = new Set([...accounts.all.keys(), ...counted.keys()]);
  return [...names].flatMap((name) => {
    const account = accounts.all.get(name);
    const counts = counted.get(name) ?? new Map<number, number>();
    if (account === undefined)
      return counts.size === 0 ? [] : [`${name}: the sidecar counts requests that nobody sent`];
    return compare(name, account, counts);
  });
}

function compare(name: string, account: Account, counts: Counted): string[] {
  const { outcomes, byStatus, excused } = account;
  const said = [...byStatus.values()].reduce((sum, count) => sum + count, 0);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  /** Those whose clients did not wait, or were cut off: the sidecar may have counted them, with whatever status. */
  const open = outcomes.left + outcomes.unanswered - excused;
  const wrong: string[] = [];
  const settled = OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  if (settled !== account.started)
    wrong.push(`${name}: ${account.started} requests began, ${settled} came to an end`);
  for (const status of new Set([...byStatus.keys(), ...counts.keys()])) {
    const seen = byStatus.get(status) ?? 0;
    const counted = counts.get(status) ?? 0;
    if (counted < seen || counted > seen + open)
      wrong.push(
        `${name}: ${seen} responses ${status || 'without status'} were seen, the sidecar counts ${counted}`,
      );
  }
  const most = said + open;
  if (total < said || total > most)
    wrong.push(`${name}: the sidecar counts ${total} requests, there were ${said} to ${most}`);
  return wrong;
}
