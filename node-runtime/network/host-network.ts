import { writeFile } from 'node:fs/promises';
import { WeftError } from '#api/foundation/errors.ts';
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Service } from '#api/kinds/service.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import { PROBE_SOURCE } from '#api/mesh/ports.ts';
import { must, run } from '../host/command.ts';
import type { HostPort } from './host-ports.ts';
import { type NetworkConfig, serviceRules } from './host-rules.ts';
import { bridgeName, tableName } from './names.ts';

/**
 * The host's side of a mesh: a bridge that holds the node's address among the pods, routes, and the mesh's table. Pods are
 * not ports of the bridge: each has a link of its own with a host route, so that every packet of a pod is routed by the
 * host, where rules see it, and no pod can speak to another's link, answer for its address or take over its frames.
 */

/** Idempotent; leaves service rules that are in place. Throws a WeftError `HostNetworkFailed`. */
export async function setUpHostNetwork(config: NetworkConfig): Promise<void> {
  try {
    await Promise.all([setUpBridge(config), forwardPackets(), setUpTable(config)]);
  } catch (cause) {
    throw new WeftError(
      'HostNetworkFailed',
      `the host's network cannot be set up: ${(cause as Error).message}`,
      {
        remedy: 'run: weft doctor',
        cause,
      },
    );
  }
}

/** Replaces all service rules in one transaction. */
export async function applyServiceRules(
  config: NetworkConfig,
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  hostPorts: readonly HostPort[],
): Promise<void> {
  const published = new Set(hostPorts.map(({ podIp }) => podIp));
  await Promise.all([...published].map(routeLoopback));
  await must('nft', ['-f', '-'], { input: serviceRules(config, services, slices, hostPorts) });
}

/** Removes bridge and table. Idempotent. */
export async function tearDownHostNetwork(config: NetworkConfig): Promise<void> {
  await Promise.all([
    run('ip', ['link', 'del', bridgeName(config.id)]),
    run('ip', ['route', 'del', 'unreachable', config.podCidr]),
    run('nft', ['delete', 'table', 'inet', tableName(config.id)]),
  ]);
}

async function setUpBridge(config: NetworkConfig): Promise<void> {
  const bridge = bridgeName(config.id);
  const gateway = gatewayOf(config);
  const exists = (await run('ip', ['link', 'show', 'dev', bridge])).code === 0;
  const commands = [
    ...(exists ? [] : [`link add ${bridge} type bridge`]),
    `link set ${bridge} addrgenmode none`,
    `link set ${bridge} up`,
    `addr replace ${gateway}/32 dev ${bridge}`,
    `addr replace ${PROBE_SOURCE}/32 dev ${bridge} scope link`,
    `route replace ${config.serviceCidr} dev ${bridge} src ${gateway}`,
    `route replace unreachable ${config.podCidr}`,
  ];
  await must('ip', ['-batch', '-'], { input: commands.join('\n') });
}

/**
 * Lets connections to 127.0.0.1 leave over the pod's link, and their answers come back. Rules drop whatever else of the
 * loopback network comes in there.
 */
async function routeLoopback(podIp: string): Promise<void> {
  const { stdout } = await run('ip', ['-json', 'route', 'get', podIp]);
  const device = JSON.parse(stdout || '[]')[0]?.dev as string | undefined;
  if (device === undefined || device === 'lo') return;
  await writeFile(`/proc/sys/net/ipv4/conf/${device}/route_localnet`, '1').catch(ignoreGone);
}

/** The pod went away meanwhile. */
function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function setUpTable(config: NetworkConfig): Promise<void> {
  const exists = (await run('nft', ['list', 'table', 'inet', tableName(config.id)])).code === 0;
  if (!exists) await applyServiceRules(config, [], [], []);
}

async function forwardPackets(): Promise<void> {
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
}
