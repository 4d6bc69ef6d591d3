import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { startLoneSidecar } from '#test/support/lone-sidecar.ts';
import { TestAdsServer } from './discovery/test-ads-server.ts';
import {
  allTo,
  assignment,
  cluster,
  listener,
  overRds,
  routes,
  socketAddress,
} from './discovery/test-resources.ts';
import type { Sidecar } from './sidecar.ts';

/** Callers that never stop, while everything under them is replaced: nobody may be told of it. */
const CALLERS = 8;
const ROUNDS = 12;

let control: TestAdsServer;
let sidecar: Sidecar;
const apps: Server[] = [];

async function startApp(name: string): Promise<string> {
  const app = createServer((_request, response) => setTimeout(() => response.end(name), 2));
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  apps.push(app);
  return `127.0.0.1:${(app.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  control = new TestAdsServer();
  const port = await control.start();
  sidecar = await startLoneSidecar({ discoveryPort: port });
});

afterEach(async () => {
  await sidecar.close();
  control.stop();
  for (const app of apps.splice(0)) {
    app.closeAllConnections();
    app.close();
  }
});

function call(agent: Agent): Promise<string> {
  const { outbound: port } = sidecar.ports;
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, agent, headers: { host: 'web' } }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body.slice(0, 200)}`));
    })
      .on('error', reject)
      .end();
  });
}

const outboundListener = (version: number, routeName: string) =>
  listener(
    '0.0.0.0_80',
    {
      address: socketAddress('0.0.0.0', 80),
      bind_to_port: false,
      stat_prefix: `v${version}`,
      filter_chains: [{ filters: [overRds(routeName)] }],
    },
    String(version),
  );

/** Puts a new cluster, new routes and a new listener in place of those of the round before, which are then removed. */
async function replaceAll(round: number, address: string): Promise<void> {
  const name = `c${round}`;
  await control.answerTo(control.send(CLUSTER_TYPE, [cluster(name)]));
  await control.subscription(ENDPOINT_TYPE, name);
  await control.answerTo(control.send(ENDPOINT_TYPE, [assignment(name, [address])]));
  const routeName = `r${round}`;
  await control.answerTo(control.send(LISTENER_TYPE, [outboundListener(round, routeName)]));
  await control.subscription(ROUTE_TYPE, routeName);
  if (round > 0) await control.answerTo(control.send(CLUSTER_TYPE, [], [`c${round - 1}`]));
  await control.answerTo(control.send(ROUTE_TYPE, [routes(routeName, [allTo(name)])]));
}

test('loses no request while clusters, routes and listeners are replaced', async () => {
  const addresses = [await startApp('one'), await startApp('two')];
  await control.subscription(LISTENER_TYPE, '*');
  await replaceAll(0, addresses[0]!);
  let over = false;
  const seen = new Map<string, number>();
  const callers = Array.from({ length: CALLERS }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!over) {
      const reply = await call(agent).catch((error: unknown) => String(error));
      seen.set(reply, (seen.get(reply) ?? 0) + 1);
    }
    agent.destroy();
  });
  for (let round = 1; round <= ROUNDS; round++) {
    const answered = [...seen.values()].reduce((sum, count) => sum + count, 0);
    await expect
      .poll(() => [...seen.values()].reduce((sum, count) => sum + count, 0), { interval: 1 })
      .toBeGreaterThan(answered + 2 * CALLERS);
    await replaceAll(round, addresses[round % 2]!);
  }
  over = true;
  await Promise.all(callers);
  expect([...seen.keys()].sort()).toEqual(['200 one', '200 two']);
});
