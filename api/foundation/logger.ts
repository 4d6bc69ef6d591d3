export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values that may stand in a log line. Secrets never do: callers pass names, not objects. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same logger with fields that stand in every line. */
  with(fields: LogFields): Logger;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One JSON object a line: `time` (RFC 3339), `level`, `message`, then the fields. */
export function createLogger(options: {
  level: LogLevel;
  write: (line: string) => void;
  wallMs: () => number;
  fields?: LogFields;
}): Logger {
  const log = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (RANK[level] < RANK[options.level]) return;
    const time = new Date(options.wallMs()).toISOString();
    options.write(`${JSON.stringify({ time, level, message, ...options.fields, ...fields })}\n`);
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    with: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

export const silentLogger: Logger = createLogger({ level: 'error', write: () => {}, wallMs: () => 0 });
