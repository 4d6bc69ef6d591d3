export type Reason =
  | 'UnknownHost'
  | 'UnknownPort'
  | 'UnknownSubset'
  | 'UnknownGateway'
  | 'UnknownDelegate'
  | 'UnknownSecret'
  | 'UnknownProvider'
  | 'NoProvider'
  | 'TelemetryConflict'
  | 'InvalidSettings'
  | 'UselessSetting'
  | 'DelegateConflict'
  | 'HostConflict'
  | 'HostNotAllowed'
  | 'UnreachableRoute'
  | 'ZeroWeight';

export interface Finding {
  readonly reason: Reason;
  /** One sentence: where in the object, and what. */
  readonly message: string;
  /** Of no use but harmless: worth saying, and no reason to call the rule out of effect. */
  readonly hint?: true;
}

export function finding(reason: Reason, path: string, what: string): Finding {
  return { reason, message: `${path}: ${what}` };
}
