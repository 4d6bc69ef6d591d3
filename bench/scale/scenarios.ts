import type { Scenario } from '../scenario.ts';
import { HTTP1_LATENCY } from './latency/http1-latency.ts';
import { PUSH } from './push/push.ts';

export const SCALE_SCENARIOS: readonly Scenario[] = [HTTP1_LATENCY, PUSH];
