import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { kubeconfigText } from './pki/kubeconfig.ts';
import { ensureServingCertificate } from './pki/serving-certificate.ts';
import { openRegistry, type RegistryFixture } from './registry/registry-fixture.ts';
import type { WeftServices } from './weft-paths.ts';

export interface ServerFixture extends RegistryFixture {
  readonly port: number;
  /** Closes the server; the registry stays. */
  stop(): Promise<void>;
  readonly url: string;
  readonly token: string;
  readonly kubeconfig: string;
  /** Closes the server, and serves the same registry again on the same port. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** A request with the token, and JSON when there is a body. */
  request(
    path: string,
    init?: { method?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>;
}

/** An API server over a fresh registry on a free port, for tests. */
export async function startServer(
  options: { keepRevisions?: number; weft?: WeftServices } = {},
): Promise<ServerFixture> {
  const fixture = await openRegistry(options);
  const pki = mkdtempSync(join(tmpdir(), 'weft-pki-'));
  const certificates = await ensureServingCertificate(
    { pki, caCertificate: join(pki, 'ca.crt') },
    'cluster.local',
    Date.now(),
  );
  const token = 'a-token-for-tests-a-token-for-tests';
  const start = (port: number): Promise<ApiServer> =>
    startApiServer({
      ...certificates,
      registry: fixture.registry,
      port,
      token,
      clock: systemClock,
      random: seededRandom(3),
      logger: silentLogger,
      weft: () => options.weft,
      isReady: () => true,
    });
  let server = await start(0);
  const url = `https://127.0.0.1:${server.port}`;
  const dispatcher = new Agent({ connect: { ca: certificates.ca } });
  return {
    ...fixture,
    stop: () => server.close(),
    port: server.port,
    url,
    token,
    kubeconfig: kubeconfigText({ server: url, ca: certificates.ca, token }),
    async restart(meanwhile = async () => {}) {
      const { port } = server;
      await server.close();
      await meanwhile();
      server = await start(port);
    },
    async request(path, { method = 'GET', body, headers = {} } = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      return (await fetch(`${url}${path}`, {
        method,
        dispatcher,
        headers: { authorization: `Bearer ${token}`, ...type, ...headers },
        ...(body === undefined ? {} : { body: text }),
      })) as unknown as Response;
    },
    async close() {
      await dispatcher.destroy();
      await server.close();
      await fixture.close();
      rmSync(pki, { recursive: true, force: true });
    },
  };
}
