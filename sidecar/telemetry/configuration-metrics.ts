import { RESOURCE_TYPES, type ResourceType, SHORT_NAMES } from '#api/xds/resource-types.ts';
import type { ResourceLedger } from '#sidecar/discovery/resource-ledger.ts';
import type { UpdateLog } from '#sidecar/discovery/update-log.ts';
import { type ReadMetric, type Sample, sample } from './text-format.ts';

/** Names that a control plane may have for its versions are cut off after so many characters. */
const MAX_VERSION_LENGTH = 64;

/** What a scrape reads of the configuration. */
export interface ConfigurationPicture {
  readonly ledger: ResourceLedger;
  readonly updates: UpdateLog;
  /** Clusters whose endpoints have names, and those of them that were never resolved. */
  readonly dns: { readonly watched: number; readonly unresolved: number };
}

export const CONFIGURATION_METRICS: readonly ReadMetric<ConfigurationPicture>[] = [
  {
    name: 'weft_sidecar_xds_resources',
    type: 'gauge',
    help: 'Resources that run.',
    labels: ['type'],
    read: ({ ledger }) => byType((type) => ledger.running(type).size),
  },
  {
    name: 'weft_sidecar_xds_refused_resources',
    type: 'gauge',
    help: 'Resources that came and cannot be run; what they were before runs on.',
    labels: ['type'],
    read: ({ ledger }) => byType((type) => ledger.refused(type).size),
  },
  {
    name: 'weft_sidecar_xds_updates_total',
    type: 'counter',
    help: 'Updates of resources that came, by whether everything in them could be run.',
    labels: ['type', 'result'],
    read: ({ updates }) =>
      RESOURCE_TYPES.flatMap((type) =>
        (['accepted', 'refused'] as const).map((result) =>
          sample(updates.of(type)[result], { type: SHORT_NAMES[type], result }),
        ),
      ),
  },
  {
    name: 'weft_sidecar_xds_last_update_timestamp_seconds',
    type: 'gauge',
    help: 'When the last update came, since the epoch.',
    labels: ['type'],
    read: ({ updates }) => byType((type) => updates.of(type).lastWallMs / 1000),
  },
  {
    name: 'weft_sidecar_xds_version_info',
    type: 'gauge',
    help: "The control plane's version of the last update.",
    labels: ['type', 'version'],
    read: ({ updates }) =>
      RESOURCE_TYPES.filter((type) => updates.of(type).lastWallMs > 0).map((type) =>
        sample(1, {
          type: SHORT_NAMES[type],
          version: updates.of(type).version.slice(0, MAX_VERSION_LENGTH),
        }),
      ),
  },
  {
    name: 'weft_sidecar_dns_clusters',
    type: 'gauge',
    help: 'Clusters whose endpoints are looked up by name.',
    labels: ['state'],
    read: ({ dns: { watched, unresolved } }) => [
      sample(watched - unresolved, { state: 'resolved' }),
      sample(unresolved, { state: 'unresolved' }),
    ],
  },
];

function byType(of: (type: ResourceType) => number): Sample[] {
  return RESOURCE_TYPES.map((type) => sample(of(type), { type: SHORT_NAMES[type] }));
}
