/** Envoy's Cluster.common_lb_config and ClusterLoadAssignment.policy, as far as localities go. Compared by value. */
export interface LocalityPolicy {
  /** Localities are chosen by their weights (`locality_weighted_lb_config`); else their weights mean nothing. */
  readonly weighted: boolean;
  /** How much of a priority, or of a locality, may be unhealthy before it gets less, percent (`overprovisioning_factor`). */
  readonly overprovisioningFactor: number;
  /** Below this percentage of healthy endpoints the unhealthy ones are used as well; 0 never (`healthy_panic_threshold`). */
  readonly panicThreshold: number;
  /** Below the panic threshold no endpoint is used in place of all (`zone_aware_lb_config.fail_traffic_on_panic`). */
  readonly failTrafficOnPanic: boolean;
}

/** Envoy's defaults. */
export const DEFAULT_LOCALITY: LocalityPolicy = {
  weighted: false,
  overprovisioningFactor: 140,
  panicThreshold: 50,
  failTrafficOnPanic: false,
};
