import type { Clock, Timer } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import type { ApiServer } from './api-server.ts';
import { ensureAdminToken } from './pki/admin-token.ts';
import { kubeconfigText } from './pki/kubeconfig.ts';
import { readIfThere, writeWhole } from './pki/private-files.ts';
import { ensureServingCertificate, type ServingCertificate } from './pki/serving-certificate.ts';

export interface Credentials extends ServingCertificate {
  readonly token: string;
}

const RENEWAL_CHECK_MS = 86_400_000;

/** Certificates, token and kubeconfig of a mesh; made at the first start, read at every later one. */
export async function ensureCredentials(config: MeshConfig, nowMs: number): Promise<Credentials> {
  const paths = pathsOf(config);
  const certificates = await ensureServingCertificate(paths, config.clusterDomain, nowMs);
  const token = ensureAdminToken(paths.adminToken);
  const server = `https://127.0.0.1:${config.apiPort}`;
  const kubeconfig = kubeconfigText({ server, ca: certificates.ca, token });
  if (readIfThere(paths.kubeconfig) !== kubeconfig) writeWhole(paths.kubeconfig, kubeconfig, 0o600);
  return { ...certificates, token };
}

/** Looks daily whether the serving certificate has to be replaced, without a restart. Returns the way to stop. */
export function keepCertificateFresh(
  server: ApiServer,
  config: MeshConfig,
  clock: Clock,
  logger: Logger,
): () => void {
  let timer: Timer;
  const look = async (): Promise<void> => {
    try {
      server.renew(await ensureServingCertificate(pathsOf(config), config.clusterDomain, clock.wallMs()));
    } catch (error) {
      logger.error('the serving certificate could not be renewed', { cause: messageOf(error) });
    }
  };
  const schedule = (): void => {
    timer = clock.after(RENEWAL_CHECK_MS, () => {
      void look();
      schedule();
    });
  };
  schedule();
  return () => timer.cancel();
}
