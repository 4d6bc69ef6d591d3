/**
 * From the API's watches to batches of input changes. A batch waits for a short quiet (an apply writes several
 * objects, a rollout many), but never long.
 */
import type { Client, ListOptions } from '#api/client/client.ts';
import { createInformer, type Informer, type InformerTools } from '#api/client/informer.ts';
import { keyOf } from '#api/client/object-cache.ts';
import { compareVersions } from '#api/client/resource-version.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Gateway } from '#api/kinds/gateway.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Secret } from '#api/kinds/secret.ts';
import { Service } from '#api/kinds/service.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { Sidecar } from '#api/kinds/sidecar.ts';
import { Telemetry } from '#api/kinds/telemetry.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { WorkloadEntry } from '#api/kinds/workload-entry.ts';
import { SETTINGS_NAME, SETTINGS_NAMESPACE } from '#api/mesh/mesh-settings.ts';
import type { InputChange } from '#control-plane/translation/model/inputs.ts';
import { createDebounce, type Debounce } from './debounce.ts';

const KINDS: readonly AnyKind[] = [
  Service,
  EndpointSlice,
  Pod,
  Node,
  Secret,
  VirtualService,
  DestinationRule,
  ServiceEntry,
  WorkloadEntry,
  Gateway,
  Sidecar,
  Telemetry,
  ConfigMap,
];

/** Of ConfigMaps only the settings of the mesh are read: apps may write theirs as often as they like. */
const SCOPES: ReadonlyMap<AnyKind, ListOptions> = new Map([
  [ConfigMap, { namespace: SETTINGS_NAMESPACE, fieldSelector: `metadata.name=${SETTINGS_NAME}` }],
]);

export interface Batch {
  readonly changes: readonly InputChange[];
  /** The latest resourceVersion among the changed objects; '0' when only deletions were seen. */
  readonly revision: string;
  /** How long the first of them waited for the others. */
  readonly debouncedMs: number;
}

export interface InputFeed {
  /** Resolves when every kind has been listed and the first batch, the whole mesh, was delivered. */
  readonly synced: Promise<void>;
  /** Resolves when everything up to `revision` has been delivered. */
  caughtUp(revision: string): Promise<void>;
  stop(): void;
}

export function startInputFeed(
  client: Client,
  tools: InformerTools,
  deliver: (batch: Batch) => void,
): InputFeed {
  return new Feed(client, tools, deliver);
}

class Feed implements InputFeed {
  readonly synced: Promise<void>;
  readonly #client: Client;
  readonly #informers: ReadonlyMap<AnyKind, Informer<KubeObject>>;
  readonly #deliver: (batch: Batch) => void;
  readonly #debounce: Debounce;
  #pending = new Map<string, InputChange>();
  #revision = '0';
  readonly #clock: InformerTools['clock'];
  #sinceMs: number | undefined;
  #complete = false;

  constructor(client: Client, tools: InformerTools, deliver: (batch: Batch) => void) {
    this.#client = client;
    this.#clock = tools.clock;
    this.#deliver = deliver;
    this.#debounce = createDebounce(tools.clock, () => this.#flush());
    this.#informers = new Map(KINDS.map((kind) => [kind, this.#inform(kind, tools)]));
    this.synced = Promise.all([...this.#informers.values()].map(({ synced }) => synced)).then(() => {
      this.#complete = true;
      this.#flush();
    });
  }

  async caughtUp(revision: string): Promise<void> {
    await Promise.all(
      [...this.#informers].map(([kind, informer]) =>
        Promise.race([
          informer.caughtUp(revision),
          this.#holdsAll(kind, informer).catch(() => informer.caughtUp(revision)),
        ]),
      ),
    );
    this.#debounce.now();
  }

  stop(): void {
    this.#debounce.cancel();
    for (const informer of this.#informers.values()) informer.stop();
  }

  #inform(kind: AnyKind, tools: InformerTools): Informer<KubeObject> {
    const informer = createInformer<KubeObject>(this.#client, kind, SCOPES.get(kind) ?? {}, tools);
    informer.onChange(({ type, object }) => this.#take(kind, object, type === 'deleted'));
    informer.start();
    return informer;
  }

  #take(kind: AnyKind, object: Stored<KubeObject>, deleted: boolean): void {
    const key = keyOf(object);
    const change = { kind: kind.kind, key, object: deleted ? undefined : object } as unknown as InputChange;
    this.#pending.set(`${kind.kind}/${key}`, change);
    const { resourceVersion } = object.metadata;
    if (!deleted && compareVersions(resourceVersion, this.#revision) > 0) this.#revision = resourceVersion;
    if (!this.#complete) return;
    this.#sinceMs ??= this.#clock.nowMs();
    this.#debounce.soon();
  }

  #flush(): void {
    if (this.#pending.size === 0) return;
    const changes = [...this.#pending.values()];
    this.#pending = new Map();
    const nowMs = this.#clock.nowMs();
    const debouncedMs = nowMs - (this.#sinceMs ?? nowMs);
    this.#sinceMs = undefined;
    this.#deliver({ changes, revision: this.#revision, debouncedMs });
  }

  /**
   * A watch without news does not say how far it has come, so the cache is compared with a list of now: it has come
   * that far when it holds every object in that version or a later one, and none that is gone.
   */
  async #holdsAll(kind: AnyKind, informer: Informer<KubeObject>): Promise<void> {
    const { items, resourceVersion } = await this.#client.list(kind, SCOPES.get(kind));
    const listed = new Map(items.map((item) => [keyOf(item), item.metadata.resourceVersion]));
    await informer.until(() => {
      const held = new Map(informer.list().map((object) => [keyOf(object), object.metadata.resourceVersion]));
      const current = [...listed].every(
        ([key, version]) => compareVersions(held.get(key) ?? '0', version) >= 0,
      );
      const noneGone = [...held].every(
        ([key, version]) => listed.has(key) || compareVersions(version, resourceVersion) > 0,
      );
      return current && noneGone;
    });
  }
}
