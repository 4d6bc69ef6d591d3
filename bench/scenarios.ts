/** Every scenario, in the order in which `all` runs and RESULTS.md shows them. */
import { HTTP1_SCENARIOS } from './http1/scenarios.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [...HTTP1_SCENARIOS];
