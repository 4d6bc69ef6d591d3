/**
 * Writes docs/reference/kinds.md from the schemas, docs/reference/cli.md from the verbs' own help and docs/reference/metrics.md
 * from what programs tell scrapers, so that none can say what is not so. A test compares; after a change run: node scripts/reference.ts
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ALL_KINDS } from '#api/kinds/all.ts';
import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';
import { VERBS } from '#cli/verbs.ts';
import { metricsPage } from './reference-metrics.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NESTED: Readonly<Record<string, readonly string[]>> = {
  rollout: ['rollout status'],
  proxy: ['proxy status', 'proxy config'],
};

export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/kinds.md': kindsPage,
  'docs/reference/cli.md': cliPage,
  'docs/reference/metrics.md': metricsPage,
};

/** Part of JSON Schema, as zod writes it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly maxItems?: number;
}

/** The server's own fields, and what every kind has. */
const COMMON = new Set(['apiVersion', 'kind', 'metadata', 'status']);
/** Pod templates are told once, under Pod. */
const TEMPLATE = 'template';

function kindsPage(): string {
  const intro = [
    '# Kinds',
    '',
    'Written by `node scripts/reference.ts` from the schemas in `api/kinds/`: what is not here is refused, with its path.',
    'Types are those of JSON; `name?` may be left out; `= value` is the default; `name[]` is a list, `name{}` a map.',
    'All kinds have `apiVersion`, `kind` and the `metadata` of Kubernetes; `status` belongs to the controllers.',
    '',
  ];
  return [...intro, ...ALL_KINDS.flatMap(kindSection)].join('\n');
}

function kindSection(kind: AnyKind): string[] {
  const schema = z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' }) as Schema;
  const names = [kind.plural, ...kind.shortNames].map((name) => `\`${name}\``).join(', ');
  const versions = kind.versions.map((version) => `\`${apiVersionOf(kind, version)}\``).join(', ');
  const checks = kind.checks.map((check) => `- ${check.name}`);
  const lines = Object.entries(schema.properties ?? {})
    .filter(([name]) => !COMMON.has(name))
    .flatMap(([name, member]) => fieldLines(name, member, !(schema.required ?? []).includes(name), kind));
  return [
    `## ${kind.kind}`,
    '',
    `${versions} · ${names}${kind.namespaced ? '' : ' · without namespace'}`,
    '',
    ...(lines.length === 0 ? [] : ['```', ...lines, '```', '']),
    ...(checks.length === 0 ? [] : ['Checked beside the types:', '', ...checks, '']),
  ];
}

function fieldLines(path: string, schema: Schema, optional: boolean, kind: AnyKind): string[] {
  const mark = optional ? '?' : '';
  if (path.endsWith(`.${TEMPLATE}`) && kind.kind !== 'Pod')
    return [`${path}${mark}: metadata and the spec of a Pod`];
  if (path.endsWith('.initContainers')) return [`${path}[]${mark}: as spec.containers[]`];
  if (schema.items !== undefined && schema.maxItems === 0) return [`${path}[]${mark}: must be empty`];
  if (schema.items !== undefined) return fieldLines(`${path}[]`, schema.items, optional, kind);
  const members = Object.entries(schema.properties ?? {});
  if (members.length > 0) {
    const required = new Set(schema.required ?? []);
    return members.flatMap(([name, member]) =>
      fieldLines(`${path}.${name}`, member, !required.has(name), kind),
    );
  }
  if (
    typeof schema.additionalProperties === 'object' &&
    Object.keys(schema.additionalProperties).length > 0
  ) {
    return fieldLines(`${path}{}`, schema.additionalProperties, optional, kind);
  }
  const alternatives = leavesOf(schema).filter((one) => one.properties !== undefined);
  if (alternatives.length > 0) {
    const merged = Object.fromEntries(alternatives.flatMap((one) => Object.entries(one.properties ?? {})));
    const lines = Object.entries(merged).flatMap(([name, member]) =>
      fieldLines(`${path}.${name}`, member, true, kind),
    );
    return lines.length > 0 ? lines : [`${path}${mark}: object`];
  }
  const value = schema.default === undefined ? '' : ` = ${JSON.stringify(schema.default)}`;
  return [`${path}${mark}: ${typeOf(schema)}${value}`];
}

/** The alternatives of a union, those of unions inside it among them. */
function leavesOf(schema: Schema): readonly Schema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(leavesOf);
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  return `${[schema.type ?? 'any'].flat().join(' | ')}${boundsOf(schema)}`;
}

function boundsOf({ minimum, maximum }: Schema): string {
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? '' : String(minimum);
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : String(maximum);
  return low === '' && high === '' ? '' : ` ${low}..${high}`;
}

function cliPage(): string {
  const intro = [
    '# Command line',
    '',
    'Written by `node scripts/reference.ts` from the verbs’ own help.',
    '',
    'Errors go to standard error as one line that ends with what to do next. Exit codes: 0 done, 1 failed, 2 used wrongly;',
    '`exec` passes on the command’s own. Colours and spinners appear on a terminal only, and not when `NO_COLOR` is set.',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    '| `WEFT_DATA_DIR` | objects, certificates, logs | `/var/lib/weft` |',
    '| `WEFT_RUN_DIR` | sockets and the state of pods | `/run/weft` |',
    '| `WEFT_KUBECONFIG` | talk to the API server that this file names | the mesh of `WEFT_DATA_DIR` |',
    '',
    'With other directories another mesh starts: its names, ports and address ranges are derived from them, so that',
    'several can live on one machine.',
    '',
  ];
  const verbs = VERBS.flatMap(({ name }) => NESTED[name] ?? [name]);
  return [...intro, ...verbs.flatMap((verb) => [`## weft ${verb}`, '', '```', helpOf(verb), '```', ''])].join(
    '\n',
  );
}

function helpOf(verb: string): string {
  const argv = [`${ROOT}cli/main.ts`, ...verb.split(' '), '--help'];
  return execFileSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  }).trim();
}

if (import.meta.main)
  for (const [path, page] of Object.entries(PAGES)) writeFileSync(`${ROOT}${path}`, page());
