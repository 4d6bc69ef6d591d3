import { once } from 'node:events';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { createContainers } from '#node-runtime/oci/containers.ts';
import type { ContainerPlan } from '#node-runtime/pod/containers.ts';

/** Starts the container that it is told, says so, and waits to be killed. */
const [{ config, plan }] = (await once(process, 'message')) as [{ config: MeshConfig; plan: ContainerPlan }];
const containers = await createContainers(config, { logger: silentLogger, clock: systemClock });
await containers.create(plan);
await containers.start(plan.id);
process.send?.('started');
