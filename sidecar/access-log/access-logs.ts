import { compileExpression } from '#api/expressions/compile-expression.ts';
import type { Expression } from '#api/expressions/expression.ts';
import { attributesOf } from '#sidecar/telemetry/attributes.ts';
import type { ConnectionRecord, RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import type { AccessLog } from './access-log.ts';
import type { AccessLogSpec } from './access-log-spec.ts';
import type { LineSink } from './line-sink.ts';

/** The access logs of all listeners: equal lists of specs share one. */
export class AccessLogs {
  readonly #sink: LineSink;
  readonly #byKey = new Map<string, AccessLog>();

  constructor(settings: { readonly sink: LineSink /** `%HOSTNAME%` */; readonly hostName: string }) {
    this.#sink = settings.sink;
  }

  /** Undefined when nothing is to be written. */
  of(specs: readonly AccessLogSpec[]): AccessLog | undefined {
    if (specs.length === 0) return undefined;
    const key = specs.map((spec) => spec.key).join('\n');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const logs = specs.map((spec) => new FilteredLog(this.#sink, spec));
    const log = {
      write(record: RequestRecord | ConnectionRecord): void {
        for (const each of logs) each.write(record);
      },
    };
    this.#byKey.set(key, log);
    return log;
  }

  close(): void {
    this.#byKey.clear();
  }
}

class FilteredLog implements AccessLog {
  readonly #sink: LineSink;
  readonly #filter: Expression | undefined;

  constructor(sink: LineSink, spec: AccessLogSpec) {
    this.#sink = sink;
    this.#filter = spec.filter === undefined ? undefined : compileExpression(spec.filter);
  }

  write(record: RequestRecord | ConnectionRecord): void {
    if (this.#filter !== undefined && this.#filter(attributesOf(record)) !== true) return;
    const line = Buffer.from(
      `${JSON.stringify(record.kind === 'request' ? { method: record.method, path: record.path, status: record.status, flag: record.flag, reason: record.reason } : { flag: record.flag, reason: record.reason })}\n`,
    );
    this.#sink.write(line, 0, line.length);
  }
}
