/**
 * A failure that a user or a caller can act on: a closed code, a sentence that says what is wrong, and a
 * remedy that says what to do. Everything else is a broken invariant and ends the process.
 */
export class WeftError extends Error {
  override readonly name = 'WeftError';
  readonly code: string;
  /** What to do about it, as one sentence; shown after the message. */
  readonly remedy: string | undefined;

  constructor(code: string, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** The one line that stands for any thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** The `code` of a Node system error (`ENOENT`, `ECONNREFUSED`, …) or of a WeftError. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
