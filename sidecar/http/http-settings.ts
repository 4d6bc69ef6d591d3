import type { AccessLog } from '#sidecar/access-log/access-log.ts';
import type { RequestTracing } from '#sidecar/tracing/request-tracing.ts';
import type { AddedLines } from './added-lines.ts';
import type { AnswerLog } from './answer-log.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import type { DeadlineMemory } from './deadline-memory.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import type { Head } from './head.ts';
import type { LocalRateLimit } from './local-rate-limit.ts';
import type { RequestMeters } from './meters.ts';
import type { MirrorCounts } from './mirror.ts';
import type { ServerLimits } from './server-limits.ts';

/** What the HTTP connections of one direction have in common. */
export interface HttpSettings extends ExchangeSettings {
  readonly added: AddedLines;
  readonly meters: RequestMeters;
  /** Undefined: requests are not traced. */
  readonly tracing?: RequestTracing | undefined;
  /** Undefined: no line is written. */
  readonly accessLog?: AccessLog | undefined;
  /** Metrics have tags that are made of the requests. */
  readonly tagged?: boolean | undefined;
  /** From the app: knows the deadlines of the requests that it makes calls for. */
  readonly inherits: DeadlineMemory | undefined;
  /** Responses close their connections from now on. */
  readonly draining: () => boolean;
  /** Which sidecar this is, for those who read its answers: `outbound sidecar of POD.NAMESPACE`. */
  readonly hop: string;
  /** `https` where TLS ends in front of these connections. */
  readonly scheme: 'http' | 'https';
  /** Requests enter the mesh here: the client's address is told on. */
  readonly edge?: boolean | undefined;
  /** There, they keep the x-request-id that they come with. */
  readonly preserveRequestId?: boolean | undefined;
  readonly answers: AnswerLog;
  readonly mirrors: MirrorCounts;
  readonly limits: ServerLimits;
  /** As large as the limits allow; one head is scanned at a time. */
  readonly head: Head;
  /** In front of all routes. */
  readonly rateLimit?: LocalRateLimit | undefined;
  /** In front of all routes too, behind the rate limit. */
  readonly concurrency?: ConcurrencyLimit | undefined;
}
