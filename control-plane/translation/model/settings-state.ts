import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Mistake } from '#api/kinds/kind.ts';
import { DEFAULT_SETTINGS, type MeshSettings, SETTINGS_KEY } from '#api/mesh/mesh-settings.ts';
import { readMeshSettings } from '#api/mesh/read-mesh-settings.ts';

export interface SettingsState {
  /** Somebody wrote them. */
  readonly present: boolean;
  readonly settings: MeshSettings;
  readonly mistakes: readonly Mistake[];
}

export const NO_SETTINGS: SettingsState = { present: false, settings: DEFAULT_SETTINGS, mistakes: [] };

/** A file that is no UTF-8 comes so; to take it for nothing would switch off what was set before. */
const NOT_TEXT = {
  settings: DEFAULT_SETTINGS,
  mistakes: [{ path: `binaryData.${SETTINGS_KEY}`, message: `must be text, under data.${SETTINGS_KEY}` }],
};

/** What a ConfigMap says of the mesh: the defaults when it says nothing, or nothing that can be read. */
export function settingsIn(object: Pick<ConfigMap, 'data' | 'binaryData'> | undefined): SettingsState {
  if (object === undefined) return NO_SETTINGS;
  if (object.binaryData?.[SETTINGS_KEY] !== undefined) return { ...NOT_TEXT, present: true };
  const verdict = readMeshSettings(object.data?.[SETTINGS_KEY] ?? '');
  return verdict.ok
    ? { present: true, settings: verdict.settings, mistakes: [] }
    : { present: true, settings: DEFAULT_SETTINGS, mistakes: verdict.mistakes.map(within) };
}

function within({ path, message }: Mistake): Mistake {
  return { path: path === '' ? `data.${SETTINGS_KEY}` : `data.${SETTINGS_KEY}.${path}`, message };
}
