/** Which API server to talk to: the one that WEFT_KUBECONFIG names, else the mesh of this machine. */
import { readFileSync } from 'node:fs';
import type { ServerAddress } from '#api/client/http-transport.ts';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import { pathsOf } from '#api/mesh/config.ts';
import type { Session } from '../session.ts';
import { addressOf } from './kubeconfig.ts';

export async function serverAddress(session: Pick<Session, 'env' | 'mesh'>): Promise<ServerAddress> {
  const kubeconfig = session.env['WEFT_KUBECONFIG'];
  if (kubeconfig !== undefined && kubeconfig !== '') return addressOf(read(kubeconfig), kubeconfig);
  const mesh = await session.mesh();
  const paths = pathsOf(mesh);
  return {
    server: `https://127.0.0.1:${mesh.apiPort}`,
    token: read(paths.adminToken).trim(),
    ca: read(paths.caCertificate),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') {
      throw new WeftError('MeshNotConfigured', `${path} does not exist`, { remedy: 'run: weft up', cause });
    }
    throw new WeftError('CredentialsUnreadable', `${path} cannot be read: ${messageOf(cause)}`, {
      remedy: 'run as root, or set WEFT_KUBECONFIG to a kubeconfig of your own',
      cause,
    });
  }
}
