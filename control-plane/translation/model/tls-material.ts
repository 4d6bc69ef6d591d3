import type { Stored } from '#api/kinds/meta.ts';
import type { Secret } from '#api/kinds/secret.ts';

/** What a Secret holds for TLS, in PEM as base64 of the Secret. A secret: it is never logged, nor told to others. */
export interface TlsMaterial {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

/** Kubernetes' member names, and Istio's older ones. Undefined for a Secret that holds nothing of the kind. */
export function tlsMaterialOf({ data = {} }: Stored<Secret>): TlsMaterial | undefined {
  const material = {
    certificate: data['tls.crt'] ?? data['cert'],
    key: data['tls.key'] ?? data['key'],
    ca: data['ca.crt'] ?? data['cacert'],
  };
  return Object.values(material).every((value) => value === undefined) ? undefined : material;
}
