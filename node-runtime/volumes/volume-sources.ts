import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Secret } from '#api/kinds/secret.ts';

/** Where ConfigMaps and Secrets come from. Undefined: there is none; a rejection: nobody can say now. */
export interface VolumeSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}
