/** kubeconfig files: what `weft kubeconfig` writes for kubectl and client libraries, and reads back through WEFT_KUBECONFIG. */
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { ServerAddress } from '#api/client/http-transport.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';

const Kubeconfig = z.looseObject({
  'current-context': z.string().optional(),
  contexts: z.array(
    z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(
    z.looseObject({
      name: z.string(),
      cluster: z.looseObject({ server: z.string(), 'certificate-authority-data': z.string().optional() }),
    }),
  ),
  users: z.array(
    z.looseObject({
      name: z.string(),
      user: z.looseObject({
        token: z.string().optional(),
        'client-certificate-data': z.string().optional(),
        'client-key-data': z.string().optional(),
      }),
    }),
  ),
});

/** The text of a kubeconfig with one context, named for the mesh. */
export function formatKubeconfig(name: string, address: ServerAddress): string {
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [
        {
          name,
          cluster: { server: address.server, 'certificate-authority-data': base64(address.ca ?? '') },
        },
      ],
      users: [{ name: `${name}-admin`, user: { token: address.token } }],
      contexts: [{ name, context: { cluster: name, user: `${name}-admin`, namespace: 'default' } }],
    },
    { lineWidth: 0 },
  );
}

/** The server of the current context. Throws a WeftError `KubeconfigInvalid`. */
export function addressOf(text: string, path: string): ServerAddress {
  try {
    const config = Kubeconfig.parse(parse(text));
    const context = named(config.contexts, config['current-context'], 'context').context;
    const { cluster } = named(config.clusters, context.cluster, 'cluster');
    const { user } = named(config.users, context.user, 'user');
    return {
      server: cluster.server,
      ca: decoded(cluster['certificate-authority-data']),
      token: user.token,
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    };
  } catch (cause) {
    throw new WeftError(
      'KubeconfigInvalid',
      `${path} is not a kubeconfig that weft can use: ${messageOf(cause)}`,
      {
        remedy: 'write one with: weft kubeconfig -w FILE',
        cause,
      },
    );
  }
}

function named<T extends { name: string }>(list: readonly T[], name: string | undefined, what: string): T {
  const found = list.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`it has no ${what} named "${name ?? ''}"`);
  return found;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const decoded = (data: string | undefined): string | undefined =>
  data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
