import { type Pod, PodSchema } from '#api/kinds/pod.ts';
import type { Observed } from '../decision.ts';
import { newRecord } from '../new-record.ts';
import type { ContainerRecord, PodRecord } from '../pod-record.ts';
import type { Health, Sighting } from '../stage.ts';

export const NOW = 1_700_000_000_000;

export function pod(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Pod {
  return PodSchema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'u1', ...metadata },
    spec: { containers: [{ name: 'app', command: ['serve'] }], ...spec },
  });
}

export function record(
  of: Pod = pod(),
  containers: Record<string, Partial<ContainerRecord>> = {},
  rest: Partial<PodRecord> = {},
): PodRecord {
  const fresh = newRecord({ pod: of, meshId: 'm', ip: '10.244.0.9', injected: true, nowMs: NOW });
  const known = Object.entries(containers).map(([name, part]) => [
    name,
    { attempt: 0, backoffMs: 0, ...part },
  ]);
  return { ...fresh, containers: Object.fromEntries(known), ...rest };
}

export const CREATED: Sighting = { attempt: 0, view: { state: 'created' } };
export const RUNNING: Sighting = { attempt: 0, view: { state: 'running', startedAtMs: NOW, pid: 7 } };
export const HEALTHY: Health = { started: true, ready: true, dead: undefined };
export const STARTING: Health = { started: false, ready: false, dead: undefined };

export function exited(code: number, more: { oomKilled?: boolean; finishedAtMs?: number } = {}): Sighting {
  return {
    attempt: 0,
    view: { state: 'exited', exit: { code, oomKilled: false, finishedAtMs: NOW, known: true, ...more } },
  };
}

export function observed(
  sightings: Record<string, Sighting> = {},
  health: Record<string, Health> = {},
  rest: Partial<Observed> = {},
): Observed {
  return {
    sandbox: 'ready',
    sightings: new Map(Object.entries(sightings)),
    health: new Map(Object.entries(health)),
    busy: new Set(),
    cooling: new Map(),
    ...rest,
  };
}
