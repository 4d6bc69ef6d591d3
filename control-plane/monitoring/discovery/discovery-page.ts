import type { Client } from '#api/client/client.ts';
import type { Page } from '#api/foundation/page-server.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { type DiscoveryInputs, isRole, ROLES, scrapeTargets, type TargetGroup } from './targets.ts';

/** Targets that are written in one turn, in some milliseconds. */
const TURN = 50;

/** `GET /sd/prometheus[?role=…]`: read from the API at every question, which Prometheus asks a few times a minute. */
export function discoveryPage(
  client: Client,
  config: DiscoveryInputs['config'],
): (query: URLSearchParams) => Promise<Page> {
  return async (query) => {
    const role = query.get('role') ?? undefined;
    if (role !== undefined && !isRole(role)) return { code: 400, text: `role is one of ${ROLES.join(', ')}` };
    const [nodes, pods] = await Promise.all([client.list(Node), client.list(Pod)]);
    const targets = scrapeTargets({ config, nodes: nodes.items, pods: pods.items }, role);
    return { text: await written(targets), type: 'application/json' };
  };
}

/** As JSON, in turns of the event loop: there may be thousands, and proxies wait for what is pushed meanwhile. */
async function written(targets: Iterable<TargetGroup>): Promise<string> {
  const texts: string[] = [];
  for (const group of targets) {
    texts.push(JSON.stringify(group));
    if (texts.length % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return `[${texts.join(',')}]`;
}
