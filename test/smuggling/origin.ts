/** An app as the sidecar's requests reach it. It tells of every request that it took for one, in the order of their ends. */
import type { OriginName, Seen } from './payload.ts';

export interface Origin extends AsyncDisposable {
  readonly name: OriginName;
  readonly port: number;
  /**
   * What it has seen since the last call: complete requests, and `refused STATUS …` for what it turned away. Logs are
   * written behind answers, so `count` says how many there must be.
   */
  taken(count: number): Promise<readonly Seen[]>;
}

const OWN_HOST = 'app.test';

/** What an origin's answer to a request says, and its log. */
export function seen(method: string, target: string, bodyBytes: number | string, host: string): Seen {
  return `${method} ${target} ${bodyBytes}${host === OWN_HOST ? '' : ` @${host}`}`;
}
