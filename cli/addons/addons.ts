import type { MeshConfig } from '#api/mesh/config.ts';
import type { Addon, AddonName } from './addon.ts';
import { PROMETHEUS } from './prometheus.ts';
import { TRACES } from './traces.ts';

/** Every addon that weft can start. */
export const ADDONS: readonly Addon[] = [PROMETHEUS, TRACES];

export function addonOf(name: AddonName): Addon | undefined {
  return ADDONS.find((addon) => addon.name === name);
}

/** Those that this mesh has. */
export function configuredAddons(config: Pick<MeshConfig, 'addons'>): Addon[] {
  return ADDONS.filter(({ name }) => config.addons[name] !== undefined);
}
