import type { Stored } from '#api/kinds/meta.ts';
import type { Destination, VirtualService } from '#api/kinds/virtual-service.ts';

/** Every destination that a VirtualService names: routes of all three protocols, and mirrors. */
export function destinationsOf({ spec }: Stored<VirtualService>): Destination[] {
  const http = (spec.http ?? []).flatMap(({ route = [], mirror, mirrors = [] }) => [
    ...route.map(({ destination }) => destination),
    ...(mirror === undefined ? [] : [mirror]),
    ...mirrors.map(({ destination }) => destination),
  ]);
  const opaque = [...(spec.tls ?? []), ...(spec.tcp ?? [])].flatMap(({ route }) =>
    route.map(({ destination }) => destination),
  );
  return [...http, ...opaque];
}

/** `NAMESPACE/NAME` of the VirtualServices that it hands routes to. */
export function delegatesOf({ metadata, spec }: Stored<VirtualService>): string[] {
  const home = metadata.namespace ?? 'default';
  const keys = (spec.http ?? []).flatMap(({ delegate }) =>
    delegate?.name === undefined ? [] : [`${delegate.namespace ?? home}/${delegate.name}`],
  );
  return [...new Set(keys)];
}
