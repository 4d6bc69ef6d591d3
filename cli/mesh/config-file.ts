/** `DATA_DIR/mesh.json`: written once, when a mesh starts for the first time. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { WeftError } from '#api/foundation/errors.ts';
import { type MeshConfig, pathsOf, readMeshConfig } from '#api/mesh/config.ts';
import type { Directories } from '../session.ts';
import { chooseConfig, type Overrides } from './choose-config.ts';
import { readHostUse } from './host-use.ts';

/** What addresses and names were given out by: they cannot change under a store that has used them. */
const FIXED = ['podCidr', 'serviceCidr', 'nodeName'] as const;

/** The mesh of these directories, chosen now when there is none. Throws a WeftError `MeshFixed` for an override that comes too late. */
export function settleConfig(dirs: Directories, overrides: Overrides, running: boolean): MeshConfig {
  const path = pathsOf(dirs).config;
  if (!existsSync(path)) return write(path, chooseConfig(dirs, nodeNameOfHost(), overrides, readHostUse()));
  const config = readMeshConfig(dirs.dataDir);
  if (config.runDir !== dirs.runDir) {
    throw new WeftError(
      'MeshFixed',
      `the mesh in ${dirs.dataDir} runs in ${config.runDir}, not in ${dirs.runDir}`,
      {
        remedy: `set WEFT_RUN_DIR=${config.runDir}`,
      },
    );
  }
  const changed = changesOf(config, overrides);
  if (changed.length === 0) return config;
  const fixed = changed.filter((key) => (FIXED as readonly string[]).includes(key));
  if (fixed.length > 0)
    throw tooLate(fixed, 'it has given out addresses by them; start afresh with: weft down --purge');
  if (running) throw tooLate(changed, 'stop it first: weft down');
  return write(path, { ...config, ...overrides });
}

/** Adds what was asked for beside the mesh, which may run. */
export function settleAddons(config: MeshConfig, addons: MeshConfig['addons']): MeshConfig {
  if (isDeepStrictEqual(config.addons, addons)) return config;
  return write(pathsOf(config).config, { ...config, addons });
}

/** The same choice without writing anything: for clearing up after a mesh whose configuration was lost. */
export function configOrDerived(dirs: Directories): MeshConfig {
  if (existsSync(pathsOf(dirs).config)) return readMeshConfig(dirs.dataDir);
  return chooseConfig(dirs, nodeNameOfHost(), {}, { ports: new Set(), ranges: [] });
}

function changesOf(config: MeshConfig, overrides: Overrides): string[] {
  return Object.entries(overrides)
    .filter(([key, value]) => value !== undefined && config[key as keyof MeshConfig] !== value)
    .map(([key]) => key);
}

function tooLate(keys: readonly string[], remedy: string): WeftError {
  return new WeftError('MeshFixed', `${keys.join(' and ')} of this mesh cannot change now`, { remedy });
}

export function write(path: string, config: MeshConfig): MeshConfig {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o755 });
  writeFileSync(`${path}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o644 });
  renameSync(`${path}.new`, path);
  return config;
}

/** The host's name as Kubernetes allows it. */
function nodeNameOfHost(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 63);
  return name === '' ? 'node' : name;
}

/** The last lines of a log, for an error that says where to look. */
export function tailOf(path: string, lines: number): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines);
  } catch {
    return [];
  }
}
