/** Jaeger 2 as a trace viewer, where the host has it: Debian has no package of it, so nothing here installs it. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { stringify } from 'yaml';
import { WeftError } from '#api/foundation/errors.ts';

/** Names a Jaeger that stands elsewhere, or with `none` keeps one from being used. */
const VARIABLE = 'WEFT_JAEGER';
/** About 64 MiB of traces like the demo's. */
const MOST_TRACES = 4_000;

/** The program's path, from the environment or on the path. Throws a WeftError `JaegerMissing` when the environment names none. */
export function findJaeger(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const named = env[VARIABLE];
  if (named === 'none') return undefined;
  if (named !== undefined && named !== '') {
    if (isAbsolute(named) && isProgram(named)) return named;
    throw new WeftError(
      'JaegerMissing',
      `${VARIABLE} names ${named}, which is no program with an absolute path`,
      {
        remedy: `set ${VARIABLE} to the jaeger binary, to none, or not at all`,
      },
    );
  }
  const directories = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  return directories.map((directory) => join(directory, 'jaeger')).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Everything in one process and in memory, listening at these places and at no others. Pure. */
export function jaegerConfiguration(places: {
  readonly pages: string;
  readonly grpc: string;
  readonly http: string;
}): string {
  return stringify({
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: {
        traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] },
      },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: MOST_TRACES } } } },
      jaeger_query: {
        storage: { traces: 'memory' },
        http: { endpoint: places.pages },
        grpc: { endpoint: '127.0.0.1:0' },
      },
    },
    receivers: {
      otlp: { protocols: { grpc: { endpoint: places.grpc }, http: { endpoint: places.http } } },
    },
    processors: { batch: { timeout: '200ms' } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
  });
}
