import type { Command } from 'commander';
import { isReason } from '#api/client/client.ts';
import type { HttpClient } from '#api/client/http-client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { UsageError } from '../failure.ts';
import { FORMATS, type Format, formatData, nameOf, objectTable } from '../output/objects.ts';
import { type NamespaceOptions, namespaceOf, namespaceOption } from '../resources/selection.ts';
import { parseTargets, type Target } from '../resources/targets.ts';
import type { Session } from '../session.ts';

interface Options extends NamespaceOptions {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly output?: string;
  readonly watch?: boolean;
  readonly showLabels?: boolean;
  readonly headers: boolean;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .argument('<what...>', 'pods · pods,svc · all · pod NAME · pod/NAME')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-l, --selector <labels>', 'only with these labels: app=web,tier!=db')
    .option('--field-selector <fields>', 'only with these fields: spec.nodeName=a')
    .option('-o, --output <format>', FORMATS.join(' | '))
    .option('-w, --watch', 'go on with every change')
    .option('--show-labels', 'with a column of labels')
    .option('--no-headers', 'rows only')
    .action((words: string[], options: Options) => get(session, words, options));
}

async function get(session: Session, words: readonly string[], options: Options): Promise<void> {
  const format = formatOf(options.output);
  const targets = parseTargets(words);
  const client = await session.client();
  if (options.watch) return watch(session, client, targets, format, options);
  const groups = await Promise.all(grouped(targets).map((group) => fetchGroup(client, group, options)));
  if (format === 'json' || format === 'yaml') session.print(formatData(dataOf(groups, targets), format));
  else if (format === 'name')
    for (const { kind, objects } of groups)
      session.print(objects.map((o) => `${nameOf(kind, o)}\n`).join(''));
  else printTables(session, groups, format, options);
  const missing = groups.flatMap((group) => group.missing);
  if (missing.length > 0) throw new WeftError('NotFound', `not found: ${missing.join(', ')}`);
}

function formatOf(output: string | undefined): Format {
  if (output === undefined) return 'table';
  const format = FORMATS.find((known) => known === output);
  if (format === undefined)
    throw new UsageError(`the output "${output}" is not known`, `use one of: ${FORMATS.join(', ')}`);
  return format;
}

interface Group {
  readonly kind: AnyKind;
  /** Undefined: all objects of the kind. */
  readonly names: readonly string[] | undefined;
}

interface Fetched {
  readonly kind: AnyKind;
  readonly objects: readonly Stored<KubeObject>[];
  readonly missing: readonly string[];
}

function grouped(targets: readonly Target[]): Group[] {
  const kinds = [...new Set(targets.map((target) => target.kind))];
  return kinds.map((kind) => {
    const names = targets.filter((target) => target.kind === kind).map((target) => target.name);
    return { kind, names: names.includes(undefined) ? undefined : (names as string[]) };
  });
}

async function fetchGroup(client: HttpClient, { kind, names }: Group, options: Options): Promise<Fetched> {
  const namespace = namespaceOf(options);
  if (names === undefined) {
    const { selector: labelSelector, fieldSelector } = options;
    const { items } = await client.list<KubeObject>(kind, { namespace, labelSelector, fieldSelector });
    return { kind, objects: items, missing: [] };
  }
  if (namespace === undefined && kind.namespaced)
    throw new UsageError('an object is named within a namespace', 'leave out -A');
  const found = await Promise.all(names.map((name) => client.get<KubeObject>(kind, namespace, name)));
  return {
    kind,
    objects: found.filter((object) => object !== undefined),
    missing: names.filter((_, i) => found[i] === undefined).map((name) => `${kind.singular} "${name}"`),
  };
}

/** One named object is itself; everything else is a List, as kubectl gives it. */
function dataOf(groups: readonly Fetched[], targets: readonly Target[]): unknown {
  const items = groups.flatMap(({ kind, objects }) =>
    objects.map((object) => ({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind })),
  );
  if (targets.length === 1 && targets[0]!.name !== undefined && items.length === 1) return items[0];
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
}

function printTables(session: Session, groups: readonly Fetched[], format: Format, options: Options): void {
  const filled = groups.filter(({ objects }) => objects.length > 0);
  const tables = filled.map(({ kind, objects }) =>
    objectTable(kind, objects, {
      wide: format === 'wide',
      withNamespace: options.allNamespaces ?? false,
      prefixed: groups.length > 1,
      showLabels: options.showLabels ?? false,
      headers: options.headers,
      nowMs: session.nowMs(),
    }),
  );
  session.print(tables.join('\n'));
  if (filled.length > 0 || groups.some(({ missing }) => missing.length > 0)) return;
  const namespace = namespaceOf(options);
  const where =
    groups.every(({ kind }) => !kind.namespaced) || namespace === undefined
      ? ''
      : ` in ${namespace} namespace`;
  session.warn(`No resources found${where}.\n`);
}

async function watch(
  session: Session,
  client: HttpClient,
  targets: readonly Target[],
  format: Format,
  options: Options,
): Promise<void> {
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0)
    throw new UsageError('-w watches one kind, or one object of it');
  const { kind } = target;
  const selection = {
    namespace: namespaceOf(options),
    labelSelector: options.selector,
    fieldSelector: target.name === undefined ? options.fieldSelector : `metadata.name=${target.name}`,
  };
  const print = printer(session, kind, format, options);
  while (!session.signal.aborted) {
    const { items, resourceVersion } = await client.list<KubeObject>(kind, selection);
    print(items);
    try {
      const events = client.watch<KubeObject>(kind, {
        ...selection,
        resourceVersion,
        signal: session.signal,
      });
      for await (const event of events) if (event.type !== 'BOOKMARK') print([event.object]);
    } catch (error) {
      if (!isReason(error, 'Expired')) throw error;
    }
  }
}

/** Rows keep the widths of the first table where they can; the header stands once. */
function printer(session: Session, kind: AnyKind, format: Format, options: Options) {
  let headers = options.headers;
  return (objects: readonly Stored<KubeObject>[]): void => {
    if (objects.length === 0) return;
    if (format === 'json' || format === 'yaml') {
      const separator = format === 'yaml' ? '---\n' : '';
      for (const object of objects)
        session.print(
          separator + formatData({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind }, format),
        );
    } else if (format === 'name')
      session.print(objects.map((object) => `${nameOf(kind, object)}\n`).join(''));
    else {
      session.print(
        objectTable(kind, objects, {
          wide: format === 'wide',
          withNamespace: options.allNamespaces ?? false,
          showLabels: options.showLabels ?? false,
          headers,
          nowMs: session.nowMs(),
        }),
      );
      headers = false;
    }
  };
}
