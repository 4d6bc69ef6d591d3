/** What a batch of changes made stale. Hosts are services' full names, keys are `NAMESPACE/NAME`. */
export class Dirt {
  /** Services whose clusters, listeners and routes must be derived again. */
  readonly services = new Set<string>();
  /** Services whose endpoints must be. */
  readonly endpoints = new Set<string>();
  /** Namespaces whose services changed: their pods' inbound listeners must be looked at. */
  readonly namespaces = new Set<string>();
  readonly pods = new Set<string>();
  /** The routes of hosts that are no services. */
  foreignHosts = false;
  /** Rules whose verdict must be found again. */
  readonly virtualServices = new Set<string>();
  readonly destinationRules = new Set<string>();
  readonly serviceEntries = new Set<string>();
  /** Gateways, Sidecars, Secrets and Telemetry objects that came, changed or went. */
  readonly gateways = new Set<string>();
  readonly sidecars = new Set<string>();
  readonly secrets = new Set<string>();
  readonly telemetries = new Set<string>();
  /** The settings of the mesh. */
  settings = false;
  /** Pods whose labels or place are others now: as clients, they may see another mesh. */
  readonly clients = new Set<string>();
}
