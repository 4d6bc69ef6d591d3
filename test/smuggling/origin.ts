/** An app as the sidecar's requests reach it. It tells of every request that it took for one, in the order of their ends. */
import type { OriginName, Seen } from './payload.ts';

export interface Origin extends AsyncDisposable {
  readonly name: OriginName;
  readonly port: number;
  /** What it has seen since the last call, complete requests only. */
  taken(): Promise<readonly Seen[]>;
}

const OWN_HOST = 'app.test';

/** What an origin's answer to a request says, and its log. */
export function seen(method: string, target: string, bodyBytes: number | string, host: string): Seen {
  return `${method} ${target} ${bodyBytes}${host === OWN_HOST ? '' : ` @${host}`}`;
}
