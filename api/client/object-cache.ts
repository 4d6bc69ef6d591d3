import type { KubeObject, Stored } from '#api/kinds/meta.ts';

/** Values under which an object is found again, by index name. */
export type Indexers<T extends KubeObject> = Readonly<
  Record<string, (object: Stored<T>) => readonly string[]>
>;

type Table<T extends KubeObject> = Map<string, Map<string, Stored<T>>>;

const CLUSTER = '';

/** Objects of one kind by namespace and name, with extra indexes kept along. Objects are replaced, never changed. */
export class ObjectCache<T extends KubeObject> {
  readonly #byNamespace: Table<T> = new Map();
  readonly #indexes: ReadonlyMap<string, Table<T>>;
  readonly #indexers: Indexers<T>;

  constructor(indexers: Indexers<T>) {
    this.#indexers = indexers;
    this.#indexes = new Map(Object.keys(indexers).map((name) => [name, new Map()]));
  }

  get(namespace: string | undefined, name: string): Stored<T> | undefined {
    return this.#byNamespace.get(namespace ?? CLUSTER)?.get(name);
  }

  list(namespace?: string): Stored<T>[] {
    if (namespace !== undefined) return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
    return [...this.#byNamespace.values()].flatMap((objects) => [...objects.values()]);
  }

  /** Objects whose indexer named `index` gave `value`. An unknown index is a mistake of the caller. */
  find(index: string, value: string): Stored<T>[] {
    const table = this.#indexes.get(index);
    if (table === undefined) throw new Error(`no index "${index}"`);
    return [...(table.get(value)?.values() ?? [])];
  }

  put(object: Stored<T>): void {
    this.remove(object);
    const { namespace = CLUSTER, name } = object.metadata;
    insert(this.#byNamespace, namespace, name, object);
    for (const [index, value] of this.#places(object)) insert(index, value, keyOf(object), object);
  }

  remove(object: Stored<T>): void {
    const { namespace = CLUSTER, name } = object.metadata;
    const held = this.get(namespace, name);
    if (held === undefined) return;
    erase(this.#byNamespace, namespace, name);
    for (const [index, value] of this.#places(held)) erase(index, value, keyOf(held));
  }

  #places(object: Stored<T>): [Table<T>, string][] {
    return [...this.#indexes].flatMap(([name, table]) =>
      (this.#indexers[name]?.(object) ?? []).map((value): [Table<T>, string] => [table, value]),
    );
  }
}

/** `namespace/name`, or the name alone for kinds without namespaces. */
export function keyOf(object: {
  metadata: { namespace?: string | undefined; name?: string | undefined };
}): string {
  const { namespace, name = '' } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The parts of a key that `keyOf` made. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash === -1
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

function insert<T extends KubeObject>(table: Table<T>, row: string, key: string, object: Stored<T>): void {
  const objects = table.get(row) ?? new Map<string, Stored<T>>();
  objects.set(key, object);
  table.set(row, objects);
}

function erase<T extends KubeObject>(table: Table<T>, row: string, key: string): void {
  const objects = table.get(row);
  objects?.delete(key);
  if (objects?.size === 0) table.delete(row);
}
