export interface Address {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
}
