/** Which addons a mesh has and at which ports: what it had, and what is asked for now. Pure. */
import { WeftError } from '#api/foundation/errors.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { isDefault } from '../mesh/choose-config.ts';
import type { AddonName } from './addon.ts';
import { ADDONS } from './addons.ts';

/** What the flags asked for: an addon, and perhaps the port of its pages; `false` for one that is to go. */
export type AskedAddons = Readonly<Partial<Record<AddonName, { readonly port?: number } | false>>>;

/**
 * A mesh in the default directories gets the well-known ports, another one those after its own, the first that are
 * free. Throws a WeftError `MeshFixed` when an addon that runs is asked to move, `PortTaken` when one is asked to a port of the
 * mesh itself.
 */
export function chooseAddons(
  config: MeshConfig,
  asked: AskedAddons,
  running: ReadonlySet<string>,
  listening: ReadonlySet<number>,
): MeshConfig['addons'] {
  const addons: Record<string, unknown> = { ...config.addons };
  for (const { name, title, choose } of ADDONS) {
    const wanted = asked[name];
    if (wanted === undefined) continue;
    if (wanted === false) {
      delete addons[name];
      continue;
    }
    const current = config.addons[name];
    const moves = wanted.port !== undefined && current !== undefined && wanted.port !== current.port;
    if (moves && running.has(name))
      throw new WeftError('MeshFixed', `${title} runs at port ${current.port} and cannot move now`, {
        remedy: 'stop it first: weft down',
      });
    if (wanted.port !== undefined && ownPorts(config).has(wanted.port))
      throw new WeftError('PortTaken', `port ${wanted.port} is one of the mesh itself`, {
        remedy: `choose another port for ${title}`,
      });
    const settled = current ?? choose(portsOf(config, listening));
    addons[name] = { ...settled, ...(wanted.port === undefined ? {} : { port: wanted.port }) };
  }
  return addons as MeshConfig['addons'];
}

function ownPorts(config: MeshConfig): ReadonlySet<number> {
  return new Set([config.apiPort, config.xdsPort, config.monitoringPort, config.nodeMetricsPort]);
}

function portsOf(config: MeshConfig, listening: ReadonlySet<number>) {
  const own = ownPorts(config);
  const given = new Set<number>();
  return (wellKnown: number, offset: number): number => {
    if (isDefault(config)) return wellKnown;
    let port = config.apiPort + offset;
    while (listening.has(port) || own.has(port) || given.has(port)) port = port < 65_535 ? port + 1 : 1_024;
    given.add(port);
    return port;
  };
}
