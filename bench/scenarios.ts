/** Every scenario, in the order in which `all` runs and RESULTS.md shows them. */
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [];
