import { existsSync } from 'node:fs';
import type { Client } from '#api/client/client.ts';
import { clientFromMesh } from '#api/client/http-client.ts';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';

/** A control plane that starts beside us writes its credentials within a second. */
const LOOK_AGAIN_MS = 25;

/** Resolves when the control plane has left its credentials, which it does once in the life of a mesh. */
export async function untilCredentials(
  config: MeshConfig,
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  const { adminToken, caCertificate } = pathsOf(config);
  const areThere = (): boolean => existsSync(adminToken) && existsSync(caCertificate);
  if (!areThere())
    logger.info('waiting for the control plane to run for the first time', { token: adminToken });
  while (!areThere() && !signal.aborted) await sleep(clock, LOOK_AGAIN_MS, signal).catch(() => {});
}

/**
 * The control plane's API from a program that may be up before it: the credentials are read at the first call that
 * finds them, and until then every call fails as it does when the server is away.
 */
export function lateClient(config: MeshConfig): Client {
  let known: Client | undefined;
  const client = (): Client => {
    known ??= clientFromMesh(config);
    return known;
  };
  return {
    get: async (kind, namespace, name) => client().get(kind, namespace, name),
    list: async (kind, options) => client().list(kind, options),
    async *watch(kind, options) {
      yield* client().watch(kind, options);
    },
    create: async (kind, object, options) => client().create(kind, object, options),
    update: async (kind, object, options) => client().update(kind, object, options),
    updateStatus: async (kind, object) => client().updateStatus(kind, object),
    patch: async (kind, namespace, name, patch, options) =>
      client().patch(kind, namespace, name, patch, options),
    delete: async (kind, namespace, name, options) => client().delete(kind, namespace, name, options),
  };
}
