import type { Scenario } from '../scenario.ts';
import { CONNECTIONS_10K } from './connections/connections-10k.ts';
import { HTTP1_LATENCY } from './latency/http1-latency.ts';
import { PUSH } from './push/push.ts';
import { STARTUP } from './startup/startup.ts';

export const SCALE_SCENARIOS: readonly Scenario[] = [HTTP1_LATENCY, CONNECTIONS_10K, STARTUP, PUSH];
