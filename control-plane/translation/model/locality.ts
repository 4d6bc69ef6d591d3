/**
 * Where a workload runs, as Istio tells it: the pod's label `istio-locality` (`REGION.ZONE.SUBZONE`, because a label's
 * value holds no slash), which lets one node hold several localities; else the topology labels of its node.
 */
import type { Labels } from '#api/kinds/selectors.ts';

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export const NOWHERE: Locality = { region: '', zone: '', subZone: '' };

export const LOCALITY_LABEL = 'istio-locality';
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const SUBZONE_LABEL = 'topology.istio.io/subzone';

/** `REGION/ZONE/SUBZONE`; parts that are missing are ''. */
export function parseLocality(text: string, separator = '/'): Locality {
  const [region = '', zone = '', ...subZone] = text.split(separator);
  return { region, zone, subZone: subZone.join(separator) };
}

export function formatLocality({ region, zone, subZone }: Locality): string {
  return [region, zone, subZone].join('/');
}

/** Undefined for labels that say nothing of a place. */
export function localityOfNode(labels: Labels): Locality | undefined {
  const locality = {
    region: labels[REGION_LABEL] ?? '',
    zone: labels[ZONE_LABEL] ?? '',
    subZone: labels[SUBZONE_LABEL] ?? '',
  };
  return formatLocality(locality) === '//' ? undefined : locality;
}

/** What the pod's own label says. Istio takes slashes too, where a label's value could hold them. */
export function localityOfLabels(labels: Labels): Locality | undefined {
  const text = labels[LOCALITY_LABEL];
  if (text === undefined || text === '') return undefined;
  return parseLocality(text, text.includes('/') ? '/' : '.');
}

/** Istio LocalityMatch: `rule` is `REGION/ZONE/SUBZONE`, its last parts missing or `*`. */
export function localityMatches(locality: Locality, rule: string): boolean {
  const wanted = parseLocality(rule);
  const parts = [
    [wanted.region, locality.region],
    [wanted.zone, locality.zone],
    [wanted.subZone, locality.subZone],
  ] as const;
  for (const [want, have] of parts) {
    if (want === '*' || want === '') return true;
    if (want !== have) return false;
  }
  return true;
}
