/**
 * The configuration file as the node runtime writes it is complete: checked and with every default. Such a file is
 * taken as it is; the schema, whose library costs a sidecar 9 MB and 40 ms, is loaded only for files that are not:
 * those that people write, to fill in the defaults or to say everything that is wrong.
 */
import { readFileSync } from 'node:fs';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';

/** Reads and checks the file. Throws a WeftError `SidecarConfigInvalid` that lists every mistake. */
export async function readSidecarConfig(path: string): Promise<SidecarConfig> {
  const value = readJson(path);
  return isComplete(value) ? value : parse(path, value);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
}

async function parse(path: string, value: unknown): Promise<SidecarConfig> {
  const { SidecarConfig } = await import('#api/mesh/sidecar-config.ts');
  const parsed = SidecarConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
  throw invalid(path, mistakes.join('; '));
}

function invalid(path: string, why: string, cause?: unknown): WeftError {
  return new WeftError('SidecarConfigInvalid', `${path} cannot be used: ${why}`, {
    remedy: 'the node runtime writes this file; mend what is named or let it write the file again',
    cause,
  });
}

const STRINGS = [
  'pod',
  'namespace',
  'podIp',
  'workload',
  'serviceAccount',
  'clusterDomain',
  'clusterId',
  'discoveryAddress',
] as const;
const PORTS = ['outbound', 'inbound', 'admin', 'metrics', 'readiness', 'ownMetrics'] as const;
const LEVELS: readonly unknown[] = ['debug', 'info', 'warn', 'error'];
const ROLES: readonly unknown[] = ['sidecar', 'router'];
const MAX_VERSION_LENGTH = 64;
const OPTIONAL = ['adminSocket', 'nameServer', 'version'];
const KEYS = new Set<string>([
  ...STRINGS,
  ...OPTIONAL,
  'role',
  'labels',
  'ports',
  'appMetrics',
  'drainMs',
  'logLevel',
]);

/** Whether the schema would return this very value. Anything in doubt is left to the schema. */
function isComplete(value: unknown): value is SidecarConfig {
  if (!isRecord(value) || !isRecord(value['ports']) || !isRecord(value['labels'])) return false;
  const { ports, labels } = value;
  return (
    Object.keys(value).every((key) => KEYS.has(key)) &&
    STRINGS.every((key) => typeof value[key] === 'string') &&
    OPTIONAL.every((key) => value[key] === undefined || typeof value[key] === 'string') &&
    Object.values(labels).every((label) => typeof label === 'string') &&
    Object.keys(ports).length === PORTS.length &&
    PORTS.every((key) => isWhole(ports[key], 1, 65_535)) &&
    isAppMetrics(value['appMetrics']) &&
    String(value['version'] ?? '').length <= MAX_VERSION_LENGTH &&
    isWhole(value['drainMs'], 0, Number.MAX_SAFE_INTEGER) &&
    LEVELS.includes(value['logLevel']) &&
    ROLES.includes(value['role'])
  );
}

function isAppMetrics(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isRecord(value) || Object.keys(value).length !== 2) return false;
  const { port, path } = value;
  return isWhole(port, 1, 65_535) && typeof path === 'string' && path.startsWith('/');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
