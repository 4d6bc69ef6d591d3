import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { OpaqueSettings } from '#sidecar/tcp/connection-account.ts';
import type { Observers } from '#sidecar/telemetry/observers.ts';

/** The settings of opaque connections that are watched as all are, and those of the others: made once for each target. */
export class OpaqueSettingsByTarget {
  readonly plain: OpaqueSettings;
  readonly #observers: Observers;
  readonly #others = new WeakMap<ListenerTarget, OpaqueSettings>();

  constructor(plain: OpaqueSettings, observers: Observers) {
    this.plain = plain;
    this.#observers = observers;
  }

  of(target: ListenerTarget): OpaqueSettings {
    const { opaqueObservation: observation } = target;
    if (observation === undefined) return this.plain;
    const known = this.#others.get(target);
    if (known !== undefined) return known;
    const { stats, accessLogs } = observation;
    const made: OpaqueSettings = {
      ...this.plain,
      telemetry: stats === undefined ? this.plain.telemetry : this.#observers.metrics(stats),
      accessLog: this.#observers.accessLog(accessLogs),
    };
    this.#others.set(target, made);
    return made;
  }
}
