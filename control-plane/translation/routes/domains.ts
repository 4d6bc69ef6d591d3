import type { MeshService } from '../model/mesh-service.ts';

/**
 * Every authority that means this service's port: the full name and its shorter forms, the VIP, each with and
 * without the port. The bare name is understood in the service's own namespace only (`near`).
 */
export function serviceDomains(service: MeshService, port: number, near: boolean): string[] {
  const { name, namespace, host, vip } = service;
  const names = [host, `${name}.${namespace}.svc`, `${name}.${namespace}`];
  if (near) names.push(name);
  if (vip !== undefined) names.push(vip);
  return names.flatMap((domain) => [domain, `${domain}:${port}`]);
}
