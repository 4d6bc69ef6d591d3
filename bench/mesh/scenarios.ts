import type { Scenario } from '../scenario.ts';
import { podStart } from './pod-start.ts';
import { routeChange } from './route-change.ts';
import { sidecarMemory } from './sidecar-memory.ts';

export const MESH_SCENARIOS: readonly Scenario[] = [podStart, routeChange, sidecarMemory];
