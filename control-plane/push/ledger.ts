/**
 * Which proxies run which change. A change of the store has a revision; the batch that brings it to the proxies has
 * a generation; a proxy runs it when nothing of that generation or an older one is unsent, unanswered or refused.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { ResourceType, SHORT_NAMES } from '#api/xds/resource-types.ts';
import type { AnySession } from './ads-stream.ts';
import type { Fleet } from './fleet.ts';
import type { ProxyKind } from './identity.ts';
import { behindReason, refusalsSince, statusOf } from './proxy-status.ts';
import type { RevisionLog } from './revision-log.ts';

export type ShortType = (typeof SHORT_NAMES)[ResourceType];

export interface WaitResult {
  /** Every connected proxy runs the change. */
  readonly live: boolean;
  /** Who has not answered yet, and what it is waited for. `control-plane` when the change itself was not seen. */
  readonly pending: readonly { readonly proxy: string; readonly reason: string }[];
  /** Who refused it and runs what it had before. */
  readonly refused: readonly { readonly proxy: string; readonly type: ShortType; readonly reason: string }[];
}

export interface TypeStatus {
  /** Generations of the world; undefined before the first. */
  readonly sent: number | undefined;
  readonly acked: number | undefined;
  /** Generations between them. 0: acknowledged. */
  readonly lag: number;
  readonly lastNack: string | undefined;
  /** Resources that the proxy refused and still runs an older version of, or none. */
  readonly refused: readonly string[];
}

export interface ProxyStatus {
  /** `POD.NAMESPACE`, or the node id of a gRPC client. */
  readonly proxy: string;
  readonly kind: ProxyKind;
  /** RFC 3339. */
  readonly connectedSince: string;
  readonly types: Readonly<Record<ShortType, TypeStatus>>;
}

export interface Ledger {
  /**
   * Resolves when every connected proxy runs a state that includes the store's `revision` (a proxy that the change
   * does not touch counts at once), when those that do not have refused it, or after `timeoutMs`.
   */
  waitFor(revision: string, timeoutMs: number): Promise<WaitResult>;
  proxies(): ProxyStatus[];
}

export interface LedgerTools {
  readonly fleet: Fleet<AnySession>;
  readonly revisions: RevisionLog;
  readonly clock: Clock;
  /** Resolves when the world has taken in everything up to `revision`. */
  readonly caughtUp: (revision: string) => Promise<void>;
}

export function createLedger({ fleet, revisions, clock, caughtUp }: LedgerTools): Ledger {
  return {
    async waitFor(revision, timeoutMs) {
      const { promise: timeout, resolve } = Promise.withResolvers<'timeout'>();
      const timer = clock.after(timeoutMs, () => resolve('timeout'));
      try {
        if ((await Promise.race([caughtUp(revision), timeout])) === 'timeout') return unseen(revision);
        return await acknowledged(fleet, revisions.generationOf(revision), timeout);
      } finally {
        timer.cancel();
      }
    },
    proxies: () =>
      current(fleet)
        .map(statusOf)
        .sort((a, b) => (a.proxy < b.proxy ? -1 : 1)),
  };
}

/**
 * A sidecar that lost its connection comes back before its old stream is known to be dead: only its newest counts. gRPC
 * clients may share a node id.
 */
export function current(fleet: Fleet<AnySession>): AnySession[] {
  const sessions = [...fleet.members];
  const newest = new Map(sessions.map((session) => [session.identity.proxy, session]));
  return sessions.filter(
    (session) => session.identity.kind === 'proxyless' || newest.get(session.identity.proxy) === session,
  );
}

function unseen(revision: string): WaitResult {
  const reason = `has not read the store up to revision ${revision}`;
  return { live: false, pending: [{ proxy: 'control-plane', reason }], refused: [] };
}

/** Everything up to now must be acknowledged; refusals count from the generation that brought the change. */
async function acknowledged(
  fleet: Fleet<AnySession>,
  since: number,
  timeout: Promise<'timeout'>,
): Promise<WaitResult> {
  const target = fleet.generation;
  const { promise: settled, resolve } = Promise.withResolvers<'settled'>();
  const look = (): WaitResult => verdict(fleet, since, target);
  const stop = fleet.onProgress(() => {
    if (look().pending.length === 0) resolve('settled');
  });
  try {
    if (look().pending.length > 0) await Promise.race([settled, timeout]);
    return look();
  } finally {
    stop();
  }
}

function verdict(fleet: Fleet<AnySession>, since: number, target: number): WaitResult {
  const members = current(fleet);
  const refused = members.flatMap((member) => refusalsSince(member, since));
  const pending = members.flatMap((member) => {
    const reason = behindReason(member, target);
    return reason === undefined ? [] : [{ proxy: member.identity.proxy, reason }];
  });
  return { live: pending.length === 0 && refused.length === 0, pending, refused };
}
