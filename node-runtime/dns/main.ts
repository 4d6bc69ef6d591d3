import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '#api/foundation/errors.ts';
import { createLogger } from '#api/foundation/logger.ts';
import { gatewayOf, parseCidr } from '#api/mesh/addresses.ts';
import { MeshConfig } from '#api/mesh/config.ts';
import { UPSTREAM_DNS_PORT } from '#api/mesh/ports.ts';
import { startDns } from './dns-server.ts';
import { EntryZone, NO_ENTRIES } from './entry-zone.ts';
import { Forwarder } from './forward.ts';
import { hostNameservers } from './upstream-servers.ts';
import { Zone } from './zone.ts';
import { readZoneFile, watchZoneFile, zoneFilePath } from './zone-file.ts';

/**
 * The name server is a process of its own because pods look names up while the node runtime is being replaced, and a
 * resolver that is refused gives up at once. It knows nothing but a file of names that the node runtime writes.
 */
const { values } = parseArgs({ options: { config: { type: 'string' } } });
const config = MeshConfig.parse(JSON.parse(readFileSync(values.config ?? '', 'utf8')));
const logger = createLogger({
  level: 'info',
  write: (line) => process.stdout.write(line),
  wallMs: () => Date.now(),
  fields: { component: 'dns' },
});
const path = zoneFilePath(config.runDir);
const gateway = gatewayOf(config);

let zone = new Zone(config.clusterDomain, []);
let entries = NO_ENTRIES;
let known = '';
const reload = (): void => {
  try {
    const names = readZoneFile(path);
    const text = JSON.stringify(names);
    if (text === known) return;
    zone = new Zone(config.clusterDomain, names.services);
    entries = new EntryZone(names.entries, names.captured);
    known = text;
  } catch (error) {
    logger.error('names not read, keeping the last ones', { reason: messageOf(error) });
  }
};
watchZoneFile(path, reload);
reload();

const common = {
  address: gateway,
  zone: () => zone,
  ranges: [parseCidr(config.serviceCidr), parseCidr(config.podCidr)],
  forwarder: new Forwarder(() => hostNameservers([gateway])),
  logger,
};
try {
  const pods = await startDns({ ...common, port: 53, entries: () => entries });
  await startDns({ ...common, port: UPSTREAM_DNS_PORT });
  logger.info('answering names', { address: gateway, port: pods.port, upstream: UPSTREAM_DNS_PORT });
} catch (error) {
  logger.error('the name server cannot start', { reason: messageOf(error) });
  process.exit(1);
}
process.on('SIGTERM', () => process.exit(0));
