/** A data path in a process of its own, for tests that take its descriptors away: prints its port, serves until it is killed. */
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { startRawServer, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';

const app = await startRawServer((client) => client.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
const sidecar = await startSidecar(
  targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
  'inbound',
);
process.stdout.write(`${sidecar.port}\n`);
