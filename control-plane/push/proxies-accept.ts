/**
 * Says on the objects behind a refused resource who refused it and why (condition `ProxiesAccept`), and when nobody
 * does any more. An object that nobody ever refused has no such condition. Only proxies that are who they say they are
 * are heard: what anybody of the machine can say stands in no object.
 */
import type { Condition, KubeObject, Stored } from '#api/kinds/meta.ts';
import { parseClusterName, VIRTUAL_INBOUND } from '#api/xds/names.ts';
import { RESOURCE_TYPES, type ResourceType } from '#api/xds/resource-types.ts';
import { type ObjectRef, refId } from '#control-plane/translation/origin/object-ref.ts';
import { originsOf } from '#control-plane/translation/origin/origins.ts';
import type { World } from '#control-plane/translation/world.ts';
import type { Identity } from './identity.ts';
import type { Refusal, SessionState } from './session-state.ts';
import type { Statement } from './status-writer.ts';

const PROXIES_ACCEPT = 'ProxiesAccept';

/** Proxies that are named, and what is told of each: a status is read by people. */
const MAX_PROXIES = 3;
const MAX_WORDS = 400;

export interface Answering {
  readonly identity: Identity;
  readonly state: SessionState;
}

/** A pod whose sidecar refused what was made from the pod itself. */
export interface RefusedPod {
  readonly namespace: string;
  readonly name: string;
  readonly message: string;
}

export interface Review {
  readonly statements: readonly Statement[];
  readonly pods: readonly RefusedPod[];
}

interface Refused {
  readonly about: ObjectRef;
  /** What each proxy said, by its name. */
  readonly words: Map<string, Set<string>>;
  /** The latest state of the world that was refused. */
  generation: number;
}

export class ProxiesAccept {
  readonly #world: World;
  /** Found when the refusal is new: later the world may know nothing of the resource. */
  readonly #origins = new WeakMap<Refusal, readonly ObjectRef[]>();
  /** What the objects that are refused say now; '' where it is only known that they say something. */
  readonly #said = new Map<string, { readonly about: ObjectRef; readonly text: string }>();
  #pods: RefusedPod[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** An object that was read may say that it is refused: that is to be taken back when it is not so. */
  recall(object: Stored<KubeObject>): void {
    const { conditions = [] } = (object as { status?: { conditions?: Condition[] } }).status ?? {};
    const refused = conditions.some(({ type, status }) => type === PROXIES_ACCEPT && status === 'False');
    if (!refused) return;
    const { namespace = 'default', name } = object.metadata;
    const about: ObjectRef = { kind: object.kind as ObjectRef['kind'], key: `${namespace}/${name}` };
    this.#said.set(refId(about), { about, text: '' });
  }

  /** What is new, given everybody who is connected. `returned`: those who refused before a restart have had time to come back. */
  review(proxies: Iterable<Answering>, returned: boolean): Review {
    this.#pods = [];
    const refused = this.#collect(proxies);
    const statements = [...refused].flatMap(([id, each]) => this.#refused(id, each));
    const mended = [...this.#said].filter(([id, { text }]) => !refused.has(id) && (returned || text !== ''));
    for (const [id] of mended) this.#said.delete(id);
    return {
      statements: [...statements, ...mended.map(([, { about }]) => accepted(about))],
      pods: this.#pods,
    };
  }

  #refused(id: string, { about, words, generation }: Refused): Statement[] {
    const message = messageFor(words);
    const text = `${generation} ${message}`;
    if (this.#said.get(id)?.text === text) return [];
    this.#said.set(id, { about, text });
    const condition = { type: PROXIES_ACCEPT, status: 'False', reason: 'RefusedByProxy', message } as const;
    return [{ about, condition }];
  }

  #collect(proxies: Iterable<Answering>): Map<string, Refused> {
    const refused = new Map<string, Refused>();
    for (const { identity, state } of proxies) {
      if (!identity.trusted) continue;
      for (const type of RESOURCE_TYPES) {
        for (const [name, refusal] of state.types[type].refused) {
          for (const about of this.#originsOf(type, name, refusal, identity)) {
            note(refused, about, identity.proxy, refusal);
          }
        }
      }
    }
    return refused;
  }

  #originsOf(type: ResourceType, name: string, refusal: Refusal, by: Identity): readonly ObjectRef[] {
    const known = this.#origins.get(refusal);
    if (known !== undefined) return known;
    const found = this.#find(type, name, refusal, by);
    this.#origins.set(refusal, found);
    return found;
  }

  #find(type: ResourceType, name: string, { resource, reason }: Refusal, by: Identity): readonly ObjectRef[] {
    if (resource === undefined) return [];
    const { namespace, pod } = by;
    const refuser = { namespace, pod, gateway: by.kind === 'gateway' };
    const found = originsOf({ type, name, bytes: resource.bytes, reason }, refuser, this.#world);
    if (found.length === 0 && isInbound(name))
      this.#pods.push({ namespace, name: pod, message: shortened([reason]) });
    return found;
  }
}

function isInbound(name: string): boolean {
  return name === VIRTUAL_INBOUND || parseClusterName(name)?.direction === 'inbound';
}

function note(
  refused: Map<string, Refused>,
  about: ObjectRef,
  proxy: string,
  { reason, generation }: Refusal,
): void {
  const id = refId(about);
  const entry = refused.get(id) ?? { about, words: new Map<string, Set<string>>(), generation };
  entry.generation = Math.max(entry.generation, generation);
  entry.words.set(proxy, (entry.words.get(proxy) ?? new Set<string>()).add(reason));
  refused.set(id, entry);
}

function accepted(about: ObjectRef): Statement {
  const reason = 'Accepted';
  return { about, condition: { type: PROXIES_ACCEPT, status: 'True', reason, message: '' } };
}

/** `POD.NAMESPACE: what it said`; always the same of the same proxies. */
function messageFor(words: ReadonlyMap<string, ReadonlySet<string>>): string {
  const proxies = [...words.keys()].sort();
  const told = proxies.slice(0, MAX_PROXIES).map((proxy) => `${proxy}: ${shortened([...words.get(proxy)!])}`);
  const more = proxies.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function shortened(reasons: readonly string[]): string {
  const text = reasons
    .join('\n')
    .replaceAll('\n', ', ')
    .replace(/\p{Cc}/gu, '?');
  return text.length <= MAX_WORDS ? text : `${text.slice(0, MAX_WORDS)}…`;
}
