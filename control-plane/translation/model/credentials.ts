import type { TlsMaterial } from './tls-material.ts';

/** Of a Secret by its name; undefined when it is not there, or holds nothing for TLS. */
export type Credentials = (name: string) => TlsMaterial | undefined;

export const NO_CREDENTIALS: Credentials = () => undefined;

/** Suffix of the Secret that may hold the authority beside one that holds the certificate (Istio). */
const CA_SECRET_SUFFIX = '-cacert';

/** The credentials of one namespace, for its own proxies and nobody else's. */
export function credentialsIn(namespace: string, secrets: ReadonlyMap<string, TlsMaterial>): Credentials {
  return (name) => {
    const own = secrets.get(`${namespace}/${name}`);
    const ca = own?.ca ?? secrets.get(`${namespace}/${name}${CA_SECRET_SUFFIX}`)?.ca;
    if (own === undefined && ca === undefined) return undefined;
    return { certificate: own?.certificate, key: own?.key, ca };
  };
}
