/** Names of hosts and gateways, as routes, Gateways and Sidecars write them. */
import { hostMistakes } from './host-checks.ts';
import type { Mistake } from './kind.ts';

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A DNS name, one below `*.`, or `*`; proxies refuse wildcards anywhere else. */
export function isHost(text: string): boolean {
  return text === '*' || hostMistakes(text, '').length === 0;
}

export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/** Whether `host` lies within `wider`: the same name, or below its wildcard. */
export function isHostWithin(host: string, wider: string): boolean {
  const [inner, outer] = [host.toLowerCase(), wider.toLowerCase()];
  if (inner === outer || outer === '*') return true;
  return outer.startsWith('*.') && inner.endsWith(outer.slice(1)) && inner.length >= outer.length;
}

/** `mesh`, `NAME`, `NAMESPACE/NAME`, or the older `NAME.NAMESPACE.svc.DOMAIN`. */
export function gatewayNameMistakes(names: readonly string[] = [], path: string): Mistake[] {
  return names.flatMap((name, i) =>
    isGatewayName(name)
      ? []
      : [{ path: `${path}.gateways[${i}]`, message: 'must be mesh, NAME or NAMESPACE/NAME of a Gateway' }],
  );
}

function isGatewayName(name: string): boolean {
  const parts = name.split('/');
  if (parts.length === 1) return isHost(name) && !name.startsWith('*');
  return parts.length === 2 && (parts[0] === '.' || isLabel(parts[0]!)) && isLabel(parts[1]!);
}
