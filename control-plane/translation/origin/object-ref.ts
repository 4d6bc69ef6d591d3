/** An object that may stand behind a proxy's resource, and that says in its status how it fares. */
export interface ObjectRef {
  readonly kind: 'VirtualService' | 'DestinationRule' | 'Gateway' | 'ServiceEntry' | 'Sidecar' | 'Telemetry';
  /** `NAMESPACE/NAME`. */
  readonly key: string;
}

export function refId({ kind, key }: ObjectRef): string {
  return `${kind} ${key}`;
}
