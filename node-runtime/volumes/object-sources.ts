import type { Client } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { Secret } from '#api/kinds/secret.ts';
import type { VolumeSources } from './volume-sources.ts';

/**
 * ConfigMaps and Secrets from the local copies, which answer while the control plane is away; what they lack is asked
 * of the API, because a pod may be heard of before the ConfigMap that was created just before it.
 */
export function objectSources(
  client: Client,
  configMaps: Informer<ConfigMap>,
  secrets: Informer<Secret>,
): VolumeSources {
  return {
    configMap: async (namespace, name) =>
      configMaps.get(namespace, name) ?? client.get(ConfigMap, namespace, name),
    secret: async (namespace, name) => secrets.get(namespace, name) ?? client.get(Secret, namespace, name),
  };
}
