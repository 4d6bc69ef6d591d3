/**
 * One line for every response that this sidecar made itself, and not one more than a disk can take: a flood of failures
 * is written as its first lines and a number.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import { printable } from './local-reply.ts';
import { TokenBucket } from './token-bucket.ts';

/** 10 lines a second after the first 50: some 300 KB a minute at most. */
const LINES = { maxTokens: 50, tokensPerFill: 10, fillIntervalMs: 1_000 } as const;

/** How long after the first line that was left out their number is told. */
const SUMMARY_MS = 5_000;

const MAX_PATH_CHARS = 256;

export interface Answered {
  /** Undefined when the request could not be read. */
  readonly request: RequestInWords | undefined;
  readonly status: number;
  readonly flag: ResponseFlag;
  /** '' when nothing failed: a rule answered. */
  readonly reason: string;
  /** '' when no route was found, or it has no name. */
  readonly route: string;
  /** '' when none was chosen. */
  readonly cluster: string;
  readonly durationMs: number;
}

export interface RequestInWords {
  readonly method: string;
  /** The query, which may hold secrets, is left out of the log. */
  readonly path: string;
  readonly authority: string;
}

export class AnswerLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #leftOut = 0;

  /** `hop` says which sidecar speaks. */
  constructor(logger: Logger, clock: Clock, hop: string) {
    this.#logger = logger.with({ hop });
    this.#clock = clock;
    this.#bucket = new TokenBucket(LINES, clock.nowMs());
  }

  /** `describe` is called only when the line is written. */
  write(describe: () => Answered): void {
    if (!this.#bucket.take(this.#clock.nowMs())) {
      this.#leaveOut();
      return;
    }
    const { request, status, flag, reason, route, cluster, durationMs } = describe();
    this.#logger.info('answered here', {
      method: request === undefined ? undefined : shown(request.method),
      path: request === undefined ? undefined : shown(withoutQuery(request.path)),
      authority: request === undefined ? undefined : shown(request.authority),
      status,
      flag,
      reason: reason === '' ? undefined : printable(reason),
      route: route === '' ? undefined : route,
      cluster: cluster === '' ? undefined : cluster,
      durationMs: Math.round(durationMs * 1000) / 1000,
    });
  }

  #leaveOut(): void {
    this.#leftOut += 1;
    if (this.#leftOut > 1) return;
    this.#clock.after(SUMMARY_MS, () => {
      this.#logger.warn('answers were left out of the log', { answers: this.#leftOut });
      this.#leftOut = 0;
    });
  }
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

function shown(text: string): string {
  return printable(text).slice(0, MAX_PATH_CHARS);
}
