import type { Container } from '#api/kinds/pod-spec.ts';
import { configMapData, type Data, secretData } from '../volumes/payload.ts';
import type { VolumeSources } from '../volumes/volume-sources.ts';
import type { EnvSources } from './environment.ts';

/** Fetches the ConfigMaps and Secrets that a container's environment names. */
export async function fetchEnvSources(
  container: Pick<Container, 'env' | 'envFrom'>,
  namespace: string,
  sources: VolumeSources,
): Promise<EnvSources> {
  const { configMaps, secrets } = namesIn(container);
  const fetchAll = async (
    names: ReadonlySet<string>,
    fetch: (name: string) => Promise<Data | undefined>,
  ): Promise<Map<string, Record<string, string> | undefined>> =>
    new Map(await Promise.all([...names].map(async (name) => [name, texts(await fetch(name))] as const)));
  const [maps, hidden] = await Promise.all([
    fetchAll(configMaps, async (name) => {
      const object = await sources.configMap(namespace, name);
      return object && configMapData({ ...object, binaryData: undefined });
    }),
    fetchAll(secrets, async (name) => {
      const object = await sources.secret(namespace, name);
      return object && secretData(object);
    }),
  ]);
  return { configMap: (name) => maps.get(name), secret: (name) => hidden.get(name) };
}

function texts(data: Data | undefined): Record<string, string> | undefined {
  if (data === undefined) return undefined;
  return Object.fromEntries(Object.entries(data).map(([key, bytes]) => [key, bytes.toString('utf8')]));
}

function namesIn({ env, envFrom }: Pick<Container, 'env' | 'envFrom'>): {
  configMaps: Set<string>;
  secrets: Set<string>;
} {
  const refs = (env ?? []).map((variable) => variable.valueFrom);
  const present = (names: (string | undefined)[]): Set<string> =>
    new Set(names.filter((name) => name !== undefined));
  return {
    configMaps: present([
      ...refs.map((from) => from?.configMapKeyRef?.name),
      ...(envFrom ?? []).map((from) => from.configMapRef?.name),
    ]),
    secrets: present([
      ...refs.map((from) => from?.secretKeyRef?.name),
      ...(envFrom ?? []).map((from) => from.secretRef?.name),
    ]),
  };
}
