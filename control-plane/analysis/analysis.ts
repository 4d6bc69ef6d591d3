/**
 * What is wrong or useless in the configuration: the stored one, or what it would be with some more objects. A world of
 * its own is derived for it, so that a question never touches what the proxies run.
 */
import { type Client, isReason } from '#api/client/client.ts';
import { keyOf } from '#api/client/object-cache.ts';
import { ALL_KINDS, kindFor } from '#api/kinds/all.ts';
import type { AnyKind, Mistake } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { validate } from '#api/kinds/validate.ts';
import type { InputChange, InputOptions } from '#control-plane/translation/model/inputs.ts';
import { World } from '#control-plane/translation/world.ts';

export interface Finding {
  /** `KIND NAMESPACE/NAME` */
  readonly object: string;
  readonly reason: string;
  readonly message: string;
}

export interface Proposal {
  readonly kind: AnyKind;
  readonly object: KubeObject;
}

/** The objects of a request body, or what is wrong with them, each with its place. */
export function readProposals(objects: readonly unknown[]): { proposals: Proposal[]; mistakes: Mistake[] } {
  const proposals: Proposal[] = [];
  const mistakes: Mistake[] = [];
  objects.forEach((value, i) => {
    const { apiVersion = '', kind: word = '' } = (value ?? {}) as Partial<KubeObject>;
    const kind = kindFor(String(apiVersion), String(word));
    if (kind === undefined) {
      mistakes.push({ path: `objects[${i}].kind`, message: `${word} of ${apiVersion} is not known` });
      return;
    }
    const verdict = validate(kind, value);
    if (verdict.ok) proposals.push({ kind, object: verdict.object as KubeObject });
    else mistakes.push(...verdict.mistakes.map((m) => ({ ...m, path: `objects[${i}].${m.path}` })));
  });
  return { proposals, mistakes };
}

/** Every finding of the stored configuration with the proposals in it, sorted by object. */
export async function analyze(
  client: Client,
  options: InputOptions,
  proposals: readonly Proposal[],
  nowMs: number,
): Promise<Finding[]> {
  const stored = await Promise.all(ALL_KINDS.map((kind) => storedOf(client, kind)));
  const changes = new Map(stored.flat().map((change) => [idOf(change), change]));
  proposals.forEach((proposal, i) => {
    const change = changeOf(proposal, nowMs, i);
    const before = changes.get(idOf(change))?.object as Stored<KubeObject> | undefined;
    changes.set(idOf(change), withIdentityOf(before, change));
  });
  const { diagnoses } = new World(options).apply(changes.values());
  return diagnoses
    .flatMap(({ kind, key, findings }) =>
      findings.map(({ reason, message }) => ({ object: `${kind} ${key}`, reason, message })),
    )
    .sort((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0));
}

async function storedOf(client: Client, kind: AnyKind): Promise<InputChange[]> {
  try {
    const { items } = await client.list(kind);
    return items.map((object) => ({ kind: kind.kind, key: keyOf(object), object }) as unknown as InputChange);
  } catch (error) {
    if (isReason(error, 'NotFound')) return [];
    throw error;
  }
}

/** A proposal is younger than everything that is stored, and they are as old as their place in the list. */
function changeOf({ kind, object }: Proposal, nowMs: number, place: number): InputChange {
  const namespace = kind.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
  const metadata = {
    ...object.metadata,
    ...(namespace === undefined ? {} : { namespace }),
    name: object.metadata.name ?? '',
    uid: `proposed-${place}`,
    resourceVersion: '0',
    creationTimestamp: new Date(nowMs + place * 1000).toISOString(),
  };
  const stored = { ...object, metadata };
  return { kind: kind.kind, key: keyOf(stored), object: stored } as unknown as InputChange;
}

/** A change of what exists keeps its age and what the server gave it: its status and its address. */
function withIdentityOf(before: Stored<KubeObject> | undefined, change: InputChange): InputChange {
  if (before === undefined) return change;
  const { uid, creationTimestamp } = before.metadata;
  const next = change.object as unknown as Stored<KubeObject>;
  const clusterIP = (before as { spec?: { clusterIP?: string } }).spec?.clusterIP;
  const spec = { ...(clusterIP === undefined ? {} : { clusterIP }), ...(next as { spec?: object }).spec };
  return {
    ...change,
    object: {
      ...before,
      ...next,
      ...('spec' in next ? { spec } : {}),
      metadata: { ...next.metadata, uid, creationTimestamp },
    },
  } as unknown as InputChange;
}

function idOf({ kind, key }: InputChange): string {
  return `${kind} ${key}`;
}
