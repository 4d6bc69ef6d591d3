/** Every scenario, in the order in which `all` runs and RESULTS.md shows them. */
import { slowEndpoint } from './balancing/slow-endpoint.ts';
import { HTTP1_SCENARIOS } from './http1/scenarios.ts';
import { MESH_SCENARIOS } from './mesh/scenarios.ts';
import { http1Observed } from './observation/http1-observed.ts';
import { SCALE_SCENARIOS } from './scale/scenarios.ts';
import type { Scenario } from './scenario.ts';
import { tcpBulk } from './tcp/bulk-scenario.ts';
import { mtlsTwoHops } from './two-hops/mtls-two-hops.ts';
import { twoHops } from './two-hops/two-hops.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...HTTP1_SCENARIOS,
  http1Observed,
  tcpBulk,
  twoHops,
  mtlsTwoHops,
  ...SCALE_SCENARIOS,
  ...MESH_SCENARIOS,
  slowEndpoint,
];
