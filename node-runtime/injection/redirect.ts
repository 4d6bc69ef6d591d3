import { isIPv4 } from 'node:net';
import { WeftError } from '#api/foundation/errors.ts';
import { SIDECAR_UID } from '#api/kinds/pod-checks.ts';
import type { Redirect } from '../pod/sandboxes.ts';

const PREFIX = 'traffic.sidecar.istio.io/';

/** Annotations that change which traffic the sidecar takes; others of this prefix are refused, not ignored. */
const KNOWN = new Set([
  'excludeOutboundIPRanges',
  'excludeOutboundPorts',
  'excludeInboundPorts',
  'includeOutboundIPRanges',
]);

/** What of a pod's traffic bypasses its sidecar. Throws a WeftError `InjectionRefused` that names the annotation. */
export function redirectOf(annotations: Readonly<Record<string, string>>): Redirect {
  for (const key of Object.keys(annotations)) {
    if (key.startsWith(PREFIX) && !KNOWN.has(key.slice(PREFIX.length))) {
      refuse(key, 'is not supported', 'remove the annotation');
    }
  }
  const included = annotations[`${PREFIX}includeOutboundIPRanges`];
  if (included !== undefined && included.trim() !== '*') {
    refuse(`${PREFIX}includeOutboundIPRanges`, 'supports "*" only', 'use excludeOutboundIPRanges');
  }
  return {
    sidecarUid: SIDECAR_UID,
    excludeOutboundCidrs: cidrs(annotations, `${PREFIX}excludeOutboundIPRanges`),
    excludeOutboundPorts: ports(annotations, `${PREFIX}excludeOutboundPorts`),
    excludeInboundPorts: ports(annotations, `${PREFIX}excludeInboundPorts`),
  };
}

function refuse(annotation: string, message: string, remedy: string): never {
  throw new WeftError('InjectionRefused', `annotation ${annotation} ${message}`, { remedy });
}

function items(annotations: Readonly<Record<string, string>>, key: string): string[] {
  return (annotations[key] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function cidrs(annotations: Readonly<Record<string, string>>, key: string): string[] {
  return items(annotations, key).map((item) => {
    const [address = '', bits = '32', ...rest] = item.split('/');
    const fine = isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32 && rest.length === 0;
    return fine
      ? `${address}/${bits}`
      : refuse(key, `has "${item}"`, 'write IPv4 ranges such as 10.1.0.0/16');
  });
}

function ports(annotations: Readonly<Record<string, string>>, key: string): number[] {
  return items(annotations, key).map((item) => {
    const fine = /^\d{1,5}$/.test(item) && Number(item) >= 1 && Number(item) <= 65535;
    return fine ? Number(item) : refuse(key, `has "${item}"`, 'write ports such as 8080,9090');
  });
}
