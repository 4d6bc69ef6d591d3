import { ConfigMap } from './config-map.ts';
import { Deployment } from './deployment.ts';
import { DestinationRule } from './destination-rule.ts';
import { EndpointSlice } from './endpoint-slice.ts';
import { Event } from './event.ts';
import { Gateway } from './gateway.ts';
import type { AnyKind } from './kind.ts';
import { Namespace } from './namespace.ts';
import { Node } from './node.ts';
import { Pod } from './pod.ts';
import { ReplicaSet } from './replica-set.ts';
import { Secret } from './secret.ts';
import { Service } from './service.ts';
import { ServiceAccount } from './service-account.ts';
import { ServiceEntry } from './service-entry.ts';
import { Sidecar } from './sidecar.ts';
import { Telemetry } from './telemetry.ts';
import { VirtualService } from './virtual-service.ts';
import { WorkloadEntry } from './workload-entry.ts';

/** Every kind that weft serves: what discovery lists and what `apply` accepts. */
export const ALL_KINDS: readonly AnyKind[] = [
  Namespace,
  Node,
  ServiceAccount,
  Pod,
  ReplicaSet,
  Deployment,
  Service,
  EndpointSlice,
  ConfigMap,
  Secret,
  Event,
  VirtualService,
  DestinationRule,
  ServiceEntry,
  WorkloadEntry,
  Gateway,
  Sidecar,
  Telemetry,
];

/** The kind behind `apiVersion` and `kind` as manifests write them. */
export function kindFor(apiVersion: string, kind: string): AnyKind | undefined {
  const slash = apiVersion.lastIndexOf('/');
  const group = slash === -1 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  return ALL_KINDS.find(
    (known) => known.kind === kind && known.group === group && known.versions.includes(version),
  );
}

/** The kind behind a word of the command line: plural, singular, short name or kind, in any case, `plural.group` too. */
export function kindNamed(word: string): AnyKind | undefined {
  const [name, ...group] = word.toLowerCase().split('.');
  return ALL_KINDS.find(
    (known) =>
      (known.plural === name || known.singular === name || known.shortNames.includes(name ?? '')) &&
      (group.length === 0 || known.group === group.join('.')),
  );
}
