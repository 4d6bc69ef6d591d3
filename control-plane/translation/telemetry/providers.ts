/**
 * Where metrics, spans and access logs go, by the names under which Telemetry objects ask for it (Istio's extension
 * providers). Three are there without being set: `prometheus`, `envoy`, and `weft-traces` beside a trace viewer of the
 * mesh's own.
 */
import type { JsonLogFormat } from '#api/expressions/log-format.ts';
import { DEFAULT_JSON_FORMAT, DEFAULT_TEXT_FORMAT } from '#api/expressions/log-format.ts';
import type { FileAccessLogProvider, OpenTelemetryProvider } from '#api/mesh/extension-provider.ts';
import type { MeshSettings } from '#api/mesh/mesh-settings.ts';
import { jsonFormatOf } from '#api/mesh/read-mesh-settings.ts';

export const METRICS_PROVIDER = 'prometheus';
export const ACCESS_LOG_PROVIDER = 'envoy';
/** The mesh's own trace viewer, and the cluster that leads to it. */
export const TRACES_PROVIDER = 'weft-traces';

export interface LogFormat {
  readonly format: { readonly text: string } | { readonly json: JsonLogFormat };
  readonly omitEmpty: boolean;
}

export type Provider = { readonly name: string } & (
  | { readonly kind: 'metrics' }
  | { readonly kind: 'accessLogging'; readonly log: LogFormat }
  | { readonly kind: 'tracing'; readonly collector: OpenTelemetryProvider | 'own' }
);

export interface Providers {
  /** In any case of letters, as in Istio. */
  find(name: string): Provider | undefined;
  readonly defaults: {
    readonly metrics: readonly string[];
    readonly tracing: readonly string[];
    readonly accessLogging: readonly string[];
  };
  /** What `accessLogFile` says. Undefined: nothing, unless somebody asks. */
  readonly fallbackLog: LogFormat | undefined;
}

/** `traces`: the mesh has a trace viewer of its own. */
export function providersOf(settings: MeshSettings, traces: boolean): Providers {
  const { extensionProviders, defaultProviders, enableTracing } = settings;
  const meshLog = meshLogFormat(settings);
  const builtIn: Provider[] = [
    { name: METRICS_PROVIDER, kind: 'metrics' },
    { name: ACCESS_LOG_PROVIDER, kind: 'accessLogging', log: meshLog },
    ...(traces ? [{ name: TRACES_PROVIDER, kind: 'tracing', collector: 'own' } as const] : []),
  ];
  const set = extensionProviders.map(({ name, opentelemetry, envoyFileAccessLog }): Provider => {
    if (opentelemetry !== undefined) return { name, kind: 'tracing', collector: opentelemetry };
    if (envoyFileAccessLog === undefined) return { name, kind: 'metrics' };
    return { name, kind: 'accessLogging', log: fileLogFormat(name, envoyFileAccessLog, meshLog) };
  });
  const byName = new Map([...builtIn, ...set].map((each) => [each.name.toLowerCase(), each]));
  const own = traces && enableTracing !== false ? [TRACES_PROVIDER] : [];
  return {
    find: (name) => byName.get(name.toLowerCase()),
    defaults: {
      metrics: defaultProviders.metrics ?? [METRICS_PROVIDER],
      tracing: defaultProviders.tracing ?? own,
      accessLogging: defaultProviders.accessLogging ?? [],
    },
    fallbackLog: settings.accessLogFile === '' ? undefined : meshLog,
  };
}

function meshLogFormat({ accessLogEncoding, accessLogFormat }: MeshSettings): LogFormat {
  const json = accessLogFormat === '' ? DEFAULT_JSON_FORMAT : jsonFormatOf(accessLogFormat);
  const format =
    accessLogEncoding === 'JSON' ? { json: json ?? DEFAULT_JSON_FORMAT } : textOf(accessLogFormat);
  return { format, omitEmpty: false };
}

/** Istio: the provider `envoy` writes as the mesh says where it says nothing itself; labels without any are Istio's. */
function fileLogFormat(
  name: string,
  { logFormat, omitEmptyValues = false }: FileAccessLogProvider,
  meshLog: LogFormat,
): LogFormat {
  if (name === ACCESS_LOG_PROVIDER && logFormat === undefined && !omitEmptyValues) return meshLog;
  const { text = '', labels } = logFormat ?? {};
  if (labels === undefined) return { format: textOf(text), omitEmpty: omitEmptyValues };
  const json = Object.keys(labels).length === 0 ? DEFAULT_JSON_FORMAT : (labels as JsonLogFormat);
  return { format: { json }, omitEmpty: omitEmptyValues };
}

/** A line ends with a line break, whether its format says so or not. */
function textOf(text: string): { text: string } {
  if (text === '') return { text: DEFAULT_TEXT_FORMAT };
  return { text: text.endsWith('\n') ? text : `${text}\n` };
}
