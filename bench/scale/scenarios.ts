import type { Scenario } from '../scenario.ts';
import { HTTP1_LATENCY } from './latency/http1-latency.ts';

export const SCALE_SCENARIOS: readonly Scenario[] = [HTTP1_LATENCY];
