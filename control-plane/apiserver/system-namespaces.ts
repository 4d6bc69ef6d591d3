import { type Client, isReason } from '#api/client/client.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { SYSTEM_NAMESPACES } from './strategies/namespace.ts';

/** Makes the namespaces that every mesh has. */
export async function ensureSystemNamespaces(client: Client): Promise<void> {
  for (const name of SYSTEM_NAMESPACES) {
    try {
      await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}
