import type { MeshService } from '../model/mesh-service.ts';

/**
 * Every authority that means this service's port: its names and addresses, each with and without the port. A
 * Kubernetes Service has shorter names too, the bare one in its own namespace only (`near`).
 */
export function serviceDomains(service: MeshService, port: number, near: boolean): string[] {
  const { name, namespace, host } = service;
  const names = [host];
  if (service.source === 'Service') names.push(`${name}.${namespace}.svc`, `${name}.${namespace}`);
  if (service.source === 'Service' && near) names.push(name);
  names.push(...service.addresses.filter((address) => !address.includes('/')));
  return names.flatMap((domain) => [domain, `${domain}:${port}`]);
}
