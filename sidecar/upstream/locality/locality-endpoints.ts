import type { EndpointAddress } from '../tracked-endpoint.ts';

/** Envoy's core.v3.Locality; '' where it was not told. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export const NO_LOCALITY: Locality = { region: '', zone: '', subZone: '' };

/** Envoy's LocalityLbEndpoints: the endpoints of one locality at one priority. */
export interface LocalityEndpoints {
  readonly locality: Locality;
  /** 0 is the first choice. */
  readonly priority: number;
  /** `load_balancing_weight`; 0, or none told, gets nothing where localities are weighted. */
  readonly weight: number;
  readonly endpoints: readonly EndpointAddress[];
}

/** One locality that holds them all, for endpoints that were told without any. */
export function oneLocality(endpoints: readonly EndpointAddress[]): LocalityEndpoints[] {
  return [{ locality: NO_LOCALITY, priority: 0, weight: 1, endpoints }];
}
