import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '#api/foundation/errors.ts';
import { createLogger } from '#api/foundation/logger.ts';
import { MeshConfig } from '#api/mesh/config.ts';
import { gatewayOf, parseCidr } from '../network/addresses.ts';
import { startDns } from './dns-server.ts';
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
let known = '';
const reload = (): void => {
  try {
    const services = readZoneFile(path);
    const text = JSON.stringify(services);
    if (text !== known) zone = new Zone(config.clusterDomain, services);
    known = text;
  } catch (error) {
    logger.error('names not read, keeping the last ones', { reason: messageOf(error) });
  }
};
watchZoneFile(path, reload);
reload();

const server = await startDns({
  address: gateway,
  port: 53,
  zone: () => zone,
  ranges: [parseCidr(config.serviceCidr), parseCidr(config.podCidr)],
  forwarder: new Forwarder(() => hostNameservers([gateway])),
  logger,
}).catch((error: unknown) => {
  logger.error('the name server cannot start', { reason: messageOf(error) });
  process.exit(1);
});
logger.info('answering names', { address: gateway, port: server.port });
process.on('SIGTERM', () => process.exit(0));
