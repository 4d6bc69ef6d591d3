import type { Peer } from './telemetry.ts';

/** The pod labels that say who a workload is, in Istio's order of preference. */
export const CANONICAL_NAME_LABELS = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'];
export const CANONICAL_REVISION_LABELS = [
  'service.istio.io/canonical-revision',
  'app.kubernetes.io/version',
  'version',
];

/** What is known of a workload by its names and pod labels. */
export function workloadOf(
  names: { readonly workload: string; readonly namespace: string; readonly cluster: string },
  labels: Readonly<Record<string, string>>,
): Peer {
  const app = labels['app'];
  const version = labels['version'];
  return {
    ...names,
    canonicalName: firstOf(labels, CANONICAL_NAME_LABELS) ?? names.workload,
    canonicalRevision: firstOf(labels, CANONICAL_REVISION_LABELS) ?? 'latest',
    ...(app === undefined ? {} : { app }),
    ...(version === undefined ? {} : { version }),
  };
}

function firstOf(labels: Readonly<Record<string, string>>, names: readonly string[]): string | undefined {
  return names.map((name) => labels[name]).find((value) => value !== undefined && value !== '');
}
