import type { AnyKind } from '#api/kinds/kind.ts';
import { unsupportedMediaType } from '../registry/statuses.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

export type ApplyPatch = (target: unknown) => unknown;

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
/** As in Kubernetes, kinds that stand for custom resources there have no strategic merge patch. */
const STRATEGIC_GROUPS = new Set(['', 'apps', 'discovery.k8s.io']);

/** The patch in a body of that media type. Throws an ApiError 415 that names the supported types. */
export function patchOf(kind: AnyKind, mediaType: string, body: unknown): ApplyPatch {
  const strategic = STRATEGIC_GROUPS.has(kind.group);
  if (mediaType === MERGE) return (target) => mergePatch(target, body);
  if (mediaType === JSON_PATCH) return (target) => jsonPatch(target, body);
  if (mediaType === STRATEGIC && strategic) return (target) => strategicMerge(target, body);
  throw unsupportedMediaType(mediaType, [JSON_PATCH, MERGE, ...(strategic ? [STRATEGIC] : [])]);
}
