import { type Service, vipOf } from '#api/kinds/service.ts';

/**
 * Kubernetes' service environment variables, of the services of the pod's own namespace: `WEB_SERVICE_HOST`,
 * `WEB_SERVICE_PORT`, and the forms of old container links (`WEB_PORT=tcp://IP:PORT`).
 */
export function serviceLinks(services: readonly Service[]): Record<string, string> {
  return Object.assign({}, ...services.map(linksOf));
}

function linksOf(service: Service): Record<string, string> {
  const vip = vipOf(service);
  const [first] = service.spec.ports ?? [];
  if (vip === undefined || first === undefined) return {};
  const prefix = variable(service.metadata.name ?? '');
  const links: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: vip,
    [`${prefix}_SERVICE_PORT`]: String(first.port),
    [`${prefix}_PORT`]: url(first.protocol, vip, first.port),
  };
  for (const { name, port, protocol } of service.spec.ports ?? []) {
    if (name !== undefined) links[`${prefix}_SERVICE_PORT_${variable(name)}`] = String(port);
    const stem = `${prefix}_PORT_${port}_${protocol}`;
    links[stem] = url(protocol, vip, port);
    links[`${stem}_PROTO`] = protocol.toLowerCase();
    links[`${stem}_PORT`] = String(port);
    links[`${stem}_ADDR`] = vip;
  }
  return links;
}

function variable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function url(protocol: string, address: string, port: number): string {
  return `${protocol.toLowerCase()}://${address}:${port}`;
}
