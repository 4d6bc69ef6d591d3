/**
 * Settings of the mesh that cannot be read never reach the proxies: what was read last stays in force, after a restart
 * too, and it is said as an Event of the ConfigMap and in the log. The world behind the gate is told only of settings that hold.
 */
import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { SETTINGS_KEY } from '#api/mesh/mesh-settings.ts';
import type { InputChange } from '#control-plane/translation/model/input-change.ts';
import { settingsIn } from '#control-plane/translation/model/settings-state.ts';
import type { KeptSettings } from './kept-settings.ts';

/** A person reads it: the first mistakes are enough. */
const MAX_MISTAKES = 5;

interface Tools {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kept: KeptSettings;
}

type SettingsChange = Extract<InputChange, { kind: 'ConfigMap' }>;

/** Returns what may pass of a batch; everything but settings does. The first batch is the whole mesh. */
export function createSettingsGate(
  tools: Tools,
): (changes: readonly InputChange[]) => readonly InputChange[] {
  let starting = true;
  return (changes) => {
    if (starting && !changes.some(isSettings)) tools.kept.keep(undefined);
    const passing = changes.flatMap<InputChange>((each) =>
      isSettings(each) ? pass(each, starting, tools) : [each],
    );
    starting = false;
    return passing;
  };
}

function isSettings(change: InputChange): change is SettingsChange {
  return change.kind === 'ConfigMap';
}

function pass(change: SettingsChange, starting: boolean, tools: Tools): InputChange[] {
  const { object } = change;
  const { mistakes } = settingsIn(object);
  if (mistakes.length === 0) {
    tools.kept.keep(object && textOf(object));
    return [change];
  }
  const told = mistakes.slice(0, MAX_MISTAKES).map(({ path, message }) => `${path}: ${message}`);
  tell(object!, told.join('; '), tools);
  const last = starting ? tools.kept.read() : undefined;
  return last === undefined ? [] : [{ ...change, object: { ...object!, data: { [SETTINGS_KEY]: last } } }];
}

function textOf({ data }: ConfigMap): string {
  return data?.[SETTINGS_KEY] ?? '';
}

function tell(object: Stored<ConfigMap>, reasons: string, { client, clock, logger }: Tools): void {
  logger.warn('settings of the mesh refused, the last good ones stay', { reasons });
  const message = `the last good settings stay in force: ${reasons}`;
  const happening = { object, type: 'Warning', reason: 'RefusedSettings', message } as const;
  void recordEvent(client, { ...happening, component: 'control-plane' }, clock);
}
