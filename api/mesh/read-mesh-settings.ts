import { parse } from 'yaml';
import { type JsonLogFormat, logFormatProblem } from '#api/expressions/log-format.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Mistake } from '#api/kinds/kind.ts';
import { customTagMistakes } from '#api/kinds/telemetry-tag-checks.ts';
import { mistakesOf } from '#api/kinds/validate.ts';
import type { ExtensionProvider } from './extension-provider.ts';
import { MeshSettings } from './mesh-settings.ts';

export type SettingsVerdict =
  | { readonly ok: true; readonly settings: MeshSettings }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** Settings are written by hand: what is longer is none. */
const MAX_LENGTH = 65_536;

/** Istio's pages write some fields as protobuf does and some as JSON does, and Istio reads both. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['custom_tags', 'customTags'],
  ['max_path_tag_length', 'maxPathTagLength'],
  ['default_value', 'defaultValue'],
]);

/** Reads the YAML of the settings. Every mistake at once, each with its path. */
export function readMeshSettings(text: string): SettingsVerdict {
  if (text.length > MAX_LENGTH) return refused('', `has more than ${MAX_LENGTH} characters`);
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 }) ?? {};
  } catch (error) {
    return refused('', `is no YAML: ${messageOf(error).split('\n', 1)[0]}`);
  }
  const parsed = MeshSettings.safeParse(withUsualSpelling(value));
  if (!parsed.success) return { ok: false, mistakes: parsed.error.issues.flatMap(mistakesOf) };
  const mistakes = [
    ...accessLogMistakes(parsed.data),
    ...customTagMistakes(
      parsed.data.defaultConfig.tracing.customTags ?? {},
      'defaultConfig.tracing.customTags',
    ),
    ...parsed.data.extensionProviders.flatMap(providerMistakes),
  ];
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, settings: parsed.data };
}

function refused(path: string, message: string): SettingsVerdict {
  return { ok: false, mistakes: [{ path, message }] };
}

/** Only where Istio has these fields: tags may be called what one likes. */
function withUsualSpelling(value: unknown): unknown {
  if (!isObject(value) || !isObject(value['defaultConfig'])) return value;
  const { tracing, ...rest } = value['defaultConfig'];
  if (!isObject(tracing)) return value;
  const renamed = renamedIn(tracing);
  const tags = renamed['customTags'];
  const customTags = isObject(tags) ? mapped(tags, (tag) => mapped(tag, renamedIn)) : tags;
  const next = { ...renamed, ...(customTags === undefined ? {} : { customTags }) };
  return { ...value, defaultConfig: { ...rest, tracing: next } };
}

function mapped(value: unknown, change: (member: unknown) => unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));
}

function renamedIn(value: unknown): Record<string, unknown> {
  if (!isObject(value)) return value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [SPELLINGS.get(name) ?? name, member]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function accessLogMistakes({ accessLogEncoding, accessLogFormat }: MeshSettings): Mistake[] {
  const path = 'accessLogFormat';
  if (accessLogFormat === '') return [];
  if (accessLogEncoding === 'TEXT') return formatMistakes({ text: accessLogFormat }, path);
  const json = jsonFormatOf(accessLogFormat);
  if (json === undefined) return [{ path, message: 'must be a JSON object, as accessLogEncoding says' }];
  return formatMistakes({ json }, path);
}

/** The format of JSON lines that stands in `accessLogFormat`; undefined when it is no object. */
export function jsonFormatOf(text: string): JsonLogFormat | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as JsonLogFormat) : undefined;
  } catch {
    return undefined;
  }
}

function formatMistakes(format: Parameters<typeof logFormatProblem>[0], path: string): Mistake[] {
  const problem = logFormatProblem(format);
  return problem === undefined ? [] : [{ path, message: problem }];
}

function providerMistakes(provider: ExtensionProvider, i: number, all: ExtensionProvider[]): Mistake[] {
  const path = `extensionProviders[${i}]`;
  const { opentelemetry, envoyFileAccessLog, prometheus } = provider;
  const { text, labels } = envoyFileAccessLog?.logFormat ?? {};
  const kinds = [opentelemetry, envoyFileAccessLog, prometheus].filter((each) => each !== undefined);
  const twin = all.findIndex(({ name }) => name.toLowerCase() === provider.name.toLowerCase());
  return [
    ...(kinds.length === 1
      ? []
      : [{ path, message: 'must be exactly one of opentelemetry, envoyFileAccessLog and prometheus' }]),
    ...(twin < i ? [{ path: `${path}.name`, message: `extensionProviders[${twin}] has this name` }] : []),
    ...(opentelemetry?.http !== undefined && opentelemetry.grpc !== undefined
      ? [{ path: `${path}.opentelemetry`, message: 'must not have both http and grpc' }]
      : []),
    ...(text !== undefined && labels !== undefined
      ? [{ path: `${path}.envoyFileAccessLog.logFormat`, message: 'must not have both text and labels' }]
      : []),
    ...(text === undefined ? [] : formatMistakes({ text }, `${path}.envoyFileAccessLog.logFormat.text`)),
    ...(labels === undefined
      ? []
      : formatMistakes({ json: labels as JsonLogFormat }, `${path}.envoyFileAccessLog.logFormat.labels`)),
  ];
}
