import { compileExpression } from '#api/expressions/compile-expression.ts';
import type { Expression } from '#api/expressions/expression.ts';
import { parseLogFormat } from '#api/expressions/log-format.ts';
import { attributesOf } from '#sidecar/telemetry/attributes.ts';
import type { AccessLog } from './access-log.ts';
import type { AccessLogSpec } from './access-log-spec.ts';
import type { LogRecord, LogWorld } from './fields.ts';
import { compileJson } from './json-lines.ts';
import { Line } from './line.ts';
import type { LineSink } from './line-sink.ts';
import { compileText, type RenderLine } from './text-lines.ts';

/** Lists of specs that are kept compiled; listeners of one sidecar share one or two. */
const MAX_KEPT = 64;

export interface AccessLogSettings extends LogWorld {
  readonly sink: LineSink;
}

/** The access logs of all listeners: equal lists of specs share one. */
export class AccessLogs {
  readonly #settings: AccessLogSettings;
  #line: Line | undefined;
  readonly #byKey = new Map<string, AccessLog>();

  constructor(settings: AccessLogSettings) {
    this.#settings = settings;
  }

  /** Undefined when nothing is to be written. The specs were accepted: their formats and filters are right. */
  of(specs: readonly AccessLogSpec[]): AccessLog | undefined {
    if (specs.length === 0) return undefined;
    const key = specs.map((spec) => spec.key).join('\n');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= MAX_KEPT) this.#byKey.clear();
    this.#line ??= new Line();
    const line = this.#line;
    const log = together(specs.map((spec) => new FilteredLog(spec, this.#settings, line)));
    this.#byKey.set(key, log);
    return log;
  }

  close(): void {
    this.#byKey.clear();
  }
}

function together(logs: readonly AccessLog[]): AccessLog {
  const [only] = logs;
  if (logs.length === 1 && only !== undefined) return only;
  return {
    write(record) {
      for (const log of logs) log.write(record);
    },
  };
}

class FilteredLog implements AccessLog {
  readonly #sink: LineSink;
  readonly #filter: Expression | undefined;
  readonly #render: RenderLine;
  readonly #line: Line;

  constructor({ format, omitEmpty, filter }: AccessLogSpec, settings: AccessLogSettings, line: Line) {
    this.#line = line;
    this.#sink = settings.sink;
    this.#filter = filter === undefined ? undefined : compileExpression(filter);
    this.#render =
      'text' in format
        ? compileText(parseLogFormat(format.text), omitEmpty, settings)
        : compileJson(format.json, omitEmpty, settings);
  }

  write(record: LogRecord): void {
    if (this.#filter !== undefined && this.#filter(attributesOf(record)) !== true) return;
    const line = this.#line;
    line.begin();
    this.#render(record, line);
    this.#sink.write(line.octets, line.length);
  }
}
