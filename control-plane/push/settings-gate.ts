/**
 * Settings of the mesh that cannot be read never reach the proxies: what was read last stays in force, and it is said
 * as an Event of the ConfigMap and in the log. The world behind the gate is told only of settings that hold.
 */
import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { InputChange } from '#control-plane/translation/model/input-change.ts';
import { settingsIn } from '#control-plane/translation/model/settings-state.ts';

/** A person reads it: the first mistakes are enough. */
const MAX_MISTAKES = 5;

/** Returns what may pass of a batch; everything but settings does. */
export function createSettingsGate(tools: {
  client: Client;
  clock: Clock;
  logger: Logger;
}): (changes: readonly InputChange[]) => readonly InputChange[] {
  return (changes) =>
    changes.filter((change) => {
      if (change.kind !== 'ConfigMap' || change.object === undefined) return true;
      const { mistakes } = settingsIn(change.object);
      if (mistakes.length === 0) return true;
      const told = mistakes.slice(0, MAX_MISTAKES).map(({ path, message }) => `${path}: ${message}`);
      tell(change.object, told.join('; '), tools);
      return false;
    });
}

function tell(
  object: Stored<ConfigMap>,
  reasons: string,
  { client, clock, logger }: { client: Client; clock: Clock; logger: Logger },
): void {
  logger.warn('settings of the mesh refused, the last good ones stay', { reasons });
  const message = `the last good settings stay in force: ${reasons}`;
  const happening = { object, type: 'Warning', reason: 'RefusedSettings', message } as const;
  void recordEvent(client, { ...happening, component: 'control-plane' }, clock);
}
