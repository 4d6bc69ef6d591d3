/** One manifest to the API server: created, or brought in line by a three-way merge. */
import { type Client, isReason } from '#api/client/client.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { UsageError } from '../failure.ts';
import type { Manifest } from './manifests.ts';
import { LAST_APPLIED, mergePatch } from './three-way.ts';

export interface Applied {
  readonly manifest: Manifest;
  readonly outcome: 'created' | 'configured' | 'unchanged';
  readonly object: Stored<KubeObject>;
}

export interface ApplyOptions {
  readonly dryRun: boolean;
}

/** Namespaces come first, so that one file can hold a namespace and what lives in it. */
export function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const rank = (manifest: Manifest): number => (manifest.kind.kind === 'Namespace' ? 0 : 1);
  return [...manifests].sort((a, b) => rank(a) - rank(b));
}

/** The manifest in its namespace. Throws a UsageError when the manifest names another one than the flag. */
export function placed(manifest: Manifest, flag: string | undefined): Manifest {
  if (!manifest.kind.namespaced) return manifest;
  const own = manifest.object.metadata.namespace;
  if (own !== undefined && flag !== undefined && own !== flag) {
    throw new UsageError(`${manifest.place} names the namespace "${own}", and -n says "${flag}"`);
  }
  const namespace = own ?? flag ?? 'default';
  const inside = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, namespace },
  });
  return { ...manifest, object: inside(manifest.object), defaulted: inside(manifest.defaulted) };
}

export async function applyManifest(
  client: Client,
  manifest: Manifest,
  options: ApplyOptions,
): Promise<Applied> {
  const { kind, object } = manifest;
  const wanted = annotated(object);
  const live = await client.get<KubeObject>(kind, object.metadata.namespace, object.metadata.name!);
  if (live !== undefined) return update(client, manifest, live, options);
  try {
    return { manifest, outcome: 'created', object: await client.create<KubeObject>(kind, wanted, options) };
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const created = await client.get<KubeObject>(kind, object.metadata.namespace, object.metadata.name!);
    if (created === undefined) throw error;
    return update(client, manifest, created, options);
  }
}

async function update(
  client: Client,
  manifest: Manifest,
  live: Stored<KubeObject>,
  options: ApplyOptions,
): Promise<Applied> {
  const { kind, object, defaulted } = manifest;
  const { status: _status, ...wanted } = withAnnotations(object, {}) as KubeObject & { status?: unknown };
  const patch = mergePatch({ last: lastApplied(live), wanted: spoken(wanted), defaulted, live });
  if (patch === undefined) return { manifest, outcome: 'unchanged', object: live };
  const annotations = { [LAST_APPLIED]: recorded(object) };
  const { metadata, ...rest } = patch as { metadata?: { annotations?: object } };
  const full = {
    ...rest,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, ...annotations } },
  };
  const result = await client.patch<KubeObject>(
    kind,
    object.metadata.namespace,
    object.metadata.name!,
    full,
    options,
  );
  const same = result.metadata.resourceVersion === live.metadata.resourceVersion;
  return { manifest, outcome: same ? 'unchanged' : 'configured', object: result };
}

/** Objects are compared in the version that the server keeps: the one of the manifest may be an older name for it. */
function spoken(object: KubeObject): Omit<KubeObject, 'apiVersion' | 'kind'> {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

function lastApplied(live: KubeObject): unknown {
  try {
    const {
      apiVersion: _a,
      kind: _k,
      status: _s,
      ...last
    } = JSON.parse(live.metadata.annotations?.[LAST_APPLIED] ?? '{}');
    return last;
  } catch {
    return {};
  }
}

function annotated(object: KubeObject): KubeObject {
  return withAnnotations(object, { [LAST_APPLIED]: recorded(object) });
}

/** What is recorded has a map of annotations even when it is empty, so that it is never taken for one to remove. */
function recorded(object: KubeObject): string {
  const { [LAST_APPLIED]: _own, ...annotations } = object.metadata.annotations ?? {};
  return `${JSON.stringify({ ...object, metadata: { ...object.metadata, annotations } })}\n`;
}

function withAnnotations(object: KubeObject, more: Readonly<Record<string, string>>): KubeObject {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...more } },
  };
}
