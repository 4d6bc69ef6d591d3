import { ALL_KINDS } from '#api/kinds/all.ts';
import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';

/** What clients ask first: which groups, versions and resources there are (meta/v1 APIGroupList, APIResourceList). */
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const SUBRESOURCES = {
  status: { verbs: ['get', 'patch', 'update'] },
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
  log: { verbs: ['get'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
} as const;

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

/** Every group except the core one, its versions the preferred one first. */
const GROUPS: readonly Group[] = [...Map.groupBy(ALL_KINDS, (kind) => kind.group)]
  .filter(([name]) => name !== '')
  .map(([name, kinds]) => ({ name, versions: [...new Set(kinds.flatMap((kind) => kind.versions))] }));

function groupOf({ name, versions }: Group): object {
  const served = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: served, preferredVersion: served[0] };
}

function resourcesOf(kind: AnyKind): object[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const own = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: VERBS,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
  const below = kind.subresources
    .filter((name) => name in SUBRESOURCES)
    .map((name) => ({
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      kind: kind.kind,
      ...SUBRESOURCES[name as keyof typeof SUBRESOURCES],
    }));
  return [own, ...below];
}

function resourceList(groupVersion: string): object | undefined {
  const kinds = ALL_KINDS.filter((kind) =>
    kind.versions.some((version) => apiVersionOf(kind, version) === groupVersion),
  );
  if (kinds.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: kinds.flatMap(resourcesOf) };
}

/** The discovery document at a path, or undefined when the path is none of discovery's. */
export function discoveryDocument(path: string): object | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.map(groupOf) };
  if (path === '/api/v1') return resourceList('v1');
  const [, groupName, version, more] = /^\/apis\/([^/]+)(?:\/([^/]+))?(\/.*)?$/.exec(path) ?? [];
  if (groupName === undefined || more !== undefined) return undefined;
  if (version !== undefined) return resourceList(`${groupName}/${version}`);
  const group = GROUPS.find(({ name }) => name === groupName);
  return group === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) };
}
