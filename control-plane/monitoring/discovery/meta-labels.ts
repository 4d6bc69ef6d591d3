/**
 * Labels under the names that Prometheus' own discovery gives (discovery/kubernetes/{pod,node}.go), so that rules of
 * relabeling that people have for Kubernetes hold here. Pure. Labels and annotations are anybody's words: how many
 * there are and how long each is has an end, and what is beyond it is left out whole, since a value that was cut off
 * would be another one.
 */
import type { ObjectMeta } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';

export type Labels = Readonly<Record<string, string>>;

/** Of one object, labels and annotations each. */
const MAX_ENTRIES = 64;
const MAX_VALUE = 1_024;
/** Names and values together: more than anybody relabels by, little enough for thousands of objects. */
const MAX_CHARACTERS = 8_192;

const META = '__meta_kubernetes_';

export function podLabels(pod: Pod, container: string): Labels {
  const { metadata, spec, status = {} } = pod;
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  return {
    [`${META}namespace`]: metadata.namespace ?? 'default',
    [`${META}pod_name`]: metadata.name ?? '',
    [`${META}pod_uid`]: metadata.uid ?? '',
    [`${META}pod_ip`]: status.podIP ?? '',
    [`${META}pod_host_ip`]: status.hostIP ?? '',
    [`${META}pod_node_name`]: spec.nodeName ?? '',
    [`${META}pod_phase`]: status.phase ?? '',
    [`${META}pod_ready`]: readiness(pod),
    [`${META}pod_container_name`]: container,
    ...(controller === undefined
      ? {}
      : {
          [`${META}pod_controller_kind`]: controller.kind,
          [`${META}pod_controller_name`]: controller.name,
        }),
    ...spoken('pod', metadata),
  };
}

export function nodeLabels({ metadata, status }: Node): Labels {
  const addresses = (status?.addresses ?? []).map(({ type, address }) => [
    `${META}node_address_${sanitized(type)}`,
    address,
  ]);
  return {
    [`${META}node_name`]: metadata.name ?? '',
    ...Object.fromEntries(addresses),
    ...spoken('node', metadata),
  };
}

/** Prometheus' words: what the condition says, in small letters. */
function readiness({ status }: Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status.toLowerCase() ?? 'unknown';
}

function spoken(of: 'pod' | 'node', { labels, annotations }: ObjectMeta): Labels {
  return { ...entries(`${of}_label`, labels), ...entries(`${of}_annotation`, annotations) };
}

function entries(what: string, words: Labels | undefined): Labels {
  let left = MAX_CHARACTERS;
  const kept = Object.entries(words ?? {})
    .filter(([name, value]) => name.length <= MAX_VALUE && value.length <= MAX_VALUE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_ENTRIES)
    .filter(([name, value]) => {
      const size = name.length + value.length;
      if (size > left) return false;
      left -= size;
      return true;
    });
  return Object.fromEntries(
    kept.flatMap(([name, value]) => [
      [`${META}${what}_${sanitized(name)}`, value.toWellFormed()],
      [`${META}${what}present_${sanitized(name)}`, 'true'],
    ]),
  );
}

/** As Prometheus makes label names (util/strutil, SanitizeLabelName). */
export function sanitized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}
