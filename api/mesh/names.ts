/** `NAME.NAMESPACE.svc.DOMAIN` */
export function serviceHost(name: string, namespace: string, domain = 'cluster.local'): string {
  return `${name}.${namespace}.svc.${domain}`;
}

/**
 * The full name that `host` stands for when a rule of `namespace` says it (Istio): a name without a dot is a service of
 * that namespace, any other is taken as it is. `httpbin.org` is no service `httpbin` of a namespace `org`.
 */
export function ruleHost(host: string, namespace: string, domain = 'cluster.local'): string {
  return host.includes('.') ? host : serviceHost(host, namespace, domain);
}

/** The full name that `host` stands for when a client in `namespace` dials it: the search domains count. */
export function resolveHost(host: string, namespace: string, domain = 'cluster.local'): string {
  if (!host.includes('.')) return serviceHost(host, namespace, domain);
  const parts = host.split('.');
  if (parts.length === 2) return `${host}.svc.${domain}`;
  if (parts.length === 3 && parts[2] === 'svc') return `${host}.${domain}`;
  return host;
}

/** The container that a pod's sidecar, or a gateway's proxy, runs in. */
export const PROXY_NAME = 'istio-proxy';
