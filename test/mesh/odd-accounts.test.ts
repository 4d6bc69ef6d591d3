import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { Telemetry } from '#api/kinds/telemetry.ts';
import { metricsOf, samplesOf, sumOf } from '../support/accounts.ts';
import { programDeployment, service } from '../support/programs.ts';
import { Tasks } from '../support/tasks.ts';

/** What is no plain request is in the books of both sides too, once: connections, tunnels, old clients, clients that go. */

/** HTTP on 8080, and on 9000 a server that answers ten bytes for each that it gets. */
const ODD = `
const http = require('node:http');
const server = http.createServer((request, response) => {
  request.resume();
  if (request.url === '/never') return;
  if (request.url === '/early') response.writeEarlyHints({ link: '</a.css>; rel=preload' });
  if (request.url === '/redirect') return response.writeHead(302, { location: '/' }).end();
  if (request.url === '/nothing') return response.writeHead(204).end();
  response.end('hello');
});
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nconnection: upgrade\\r\\nupgrade: websocket\\r\\n\\r\\n');
  socket.on('error', () => {});
  socket.pipe(socket);
});
server.listen(8080);
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => socket.write(Buffer.alloc(data.length * 10)));
  socket.on('end', () => socket.end());
}).listen(9000);
`;
const HOST = 'odd.default.svc.cluster.local';

let tasks: Tasks;
let client: Stored<Pod>;
let odd: Stored<Pod>;

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/sample-client/fortio-deploy.yaml');
  await tasks.mesh.apply(
    service('odd'),
    {
      ...service('odd', { name: 'tcp', port: 9000, targetPort: 9000 }),
      metadata: { name: 'odd-tcp' },
    },
    programDeployment({ name: 'odd', app: 'odd', program: ODD, ready: true, replicas: 1 }),
  );
  [odd] = (await tasks.mesh.podsReady('odd', 1)) as [Stored<Pod>];
  client = await tasks.podOf('fortio');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

/** Sends each text over a connection of its own, `TIMES` times; hangs up when `UNTIL` has come back or, without it, at the end. */
function talk(port: number, text: string, { times = 20, until = '' } = {}): Promise<string> {
  const program = `
    const one = () => new Promise((done, fail) => {
      let seen = '';
      const socket = require('node:net').connect(${port}, ${JSON.stringify(port === 80 ? 'odd' : 'odd-tcp')});
      socket.on('connect', () => {
        socket.write(${JSON.stringify(text)});
        if (${JSON.stringify(until)} === 'go') setTimeout(() => socket.destroy(), 200);
        if (${port} === 9000) socket.end();
      });
      socket.on('data', (data) => {
        seen += data.toString('latin1');
        if (${JSON.stringify(until)} !== '' && seen.endsWith(${JSON.stringify(until)})) socket.end();
      });
      socket.on('error', fail);
      socket.on('close', () => done(seen.length));
    });
    (async () => {
      let bytes = 0;
      for (let i = 0; i < ${times}; i += 1) bytes += await one();
      console.log(bytes);
    })();`;
  return tasks.exec('fortio', 'fortio', ['node', '-e', program]);
}

type Side = Readonly<Record<string, number>>;

/** `CODE FLAGS` and how often, of requests to the service at one side. */
async function requestsOf(reporter: 'source' | 'destination', pod: Pod): Promise<Side> {
  const found: Record<string, number> = {};
  for (const { labels, value } of samplesOf(await metricsOf(pod), 'istio_requests_total')) {
    if (labels['reporter'] !== reporter || labels['destination_service'] !== HOST) continue;
    const outcome = `${labels['response_code']} ${labels['response_flags']}`;
    found[outcome] = (found[outcome] ?? 0) + value;
  }
  return found;
}

const TCP = ['connections_opened', 'connections_closed', 'sent_bytes', 'received_bytes'] as const;

async function connectionsOf(reporter: 'source' | 'destination', pod: Pod): Promise<Side> {
  const page = await metricsOf(pod);
  const of = (name: string) => sumOf(samplesOf(page, `istio_tcp_${name}_total`), { reporter });
  return Object.fromEntries(TCP.map((name) => [name, of(name)]));
}

function added(before: Side, after: Side): Side {
  const all = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

/** What `work` added at both sides, once it adds up to `total`. */
async function during(
  read: typeof requestsOf,
  total: number,
  work: () => Promise<unknown>,
  from = client,
): Promise<{ source: Side; destination: Side }> {
  const both = () => Promise.all([read('source', from), read('destination', odd)]);
  const before = await both();
  await work();
  return tasks.mesh.until('the books are closed', async () => {
    const after = await both();
    const [source, destination] = after.map((side, i) => added(before[i]!, side));
    const sums = [source, destination].map((side) => Object.values(side!).reduce((sum, n) => sum + n, 0));
    return sums.every((sum) => sum >= total) ? { source: source!, destination: destination! } : undefined;
  });
}

const head = (line: string, more = ''): string => `${line}\r\nHost: odd\r\n${more}\r\n`;
const CLOSE = 'Connection: close\r\n';
const UPGRADE =
  'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n';

const ROWS: [string, string, { until?: string }, Side][] = [
  ['HTTP/1.0', head('GET / HTTP/1.0'), {}, { '200 -': 20 }],
  ['HEAD', head('HEAD / HTTP/1.1', CLOSE), {}, { '200 -': 20 }],
  ['responses without content', head('GET /nothing HTTP/1.1', CLOSE), {}, { '204 -': 20 }],
  ['interim responses', head('GET /early HTTP/1.1', CLOSE), {}, { '200 -': 20 }],
  ['redirects of the application', head('GET /redirect HTTP/1.1', CLOSE), {}, { '302 -': 20 }],
  ['several on one connection', head('GET / HTTP/1.1') + head('GET / HTTP/1.1', CLOSE), {}, { '200 -': 40 }],
  ['tunnels', `${head('GET /ws HTTP/1.1', UPGRADE)}ping!`, { until: 'ping!' }, { '101 -': 20 }],
  ['clients that go before the answer', head('GET /never HTTP/1.1'), { until: 'go' }, { '0 DC': 20 }],
];
test.each(ROWS)('%s', async (_, text, options, expected) => {
  const total = Object.values(expected).reduce((sum, n) => sum + n, 0);
  const books = await during(requestsOf, total, () => talk(80, text, options));
  expect(books).toEqual({ source: expected, destination: expected });
});

test('connections and their bytes', async () => {
  const bytes = 20 * 5 + 20 * 50;
  const books = await during(connectionsOf, 40 + bytes, () => talk(9000, 'hello'));
  const expected = {
    connections_opened: 20,
    connections_closed: 20,
    sent_bytes: 20 * 50,
    received_bytes: 20 * 5,
  };
  expect(books).toEqual({ source: expected, destination: expected });
});

test('what is answered at the source is nobody else’s', async () => {
  await tasks.applyText(
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'odd' },
      spec: {
        hosts: ['odd'],
        http: [
          { match: [{ uri: { exact: '/old' } }], redirect: { uri: '/new' } },
          { match: [{ uri: { exact: '/said' } }], directResponse: { status: 418 } },
          { route: [{ destination: { host: 'odd' } }] },
        ],
      },
    }),
  );
  const before = await requestsOf('destination', odd);
  const page = await metricsOf(client);
  const text = ['/old', '/said', '/']
    .map((path, i) => head(`GET ${path} HTTP/1.1`, i === 2 ? CLOSE : ''))
    .join('');
  await talk(80, text);
  const after = await metricsOf(client);
  const count = (of: string, code: string) =>
    sumOf(samplesOf(of, 'istio_requests_total'), { reporter: 'source', response_code: code });
  expect(['301', '418'].map((code) => count(after, code) - count(page, code))).toEqual([20, 20]);
  expect(added(before, await requestsOf('destination', odd))).toEqual({ '200 -': 20 });
});

test('requests that are under way while a Telemetry changes the tags', async () => {
  const telemetry = (overrides: object) =>
    tasks.applyText(
      JSON.stringify({
        apiVersion: 'telemetry.istio.io/v1',
        kind: 'Telemetry',
        metadata: { name: 'tags' },
        spec: {
          metrics: [{ providers: [{ name: 'prometheus' }], overrides: [{ tagOverrides: overrides }] }],
        },
      }),
    );
  const books = await during(requestsOf, 2_000, async () => {
    const load = tasks.load('-c', '8', '-n', '2000', '-qps', '250', 'http://odd/');
    await telemetry({ method: { value: 'request.method' } });
    await telemetry({ source_app: { operation: 'REMOVE' } });
    await telemetry({ path: { value: 'request.url_path' }, request_protocol: { operation: 'REMOVE' } });
    await tasks.mesh.client.delete(Telemetry, 'default', 'tags');
    expect((await load).codes).toEqual({ 200: 2000 });
  });
  expect(books).toEqual({ source: { '200 -': 2000 }, destination: { '200 -': 2000 } });
});

test('requests through a gateway', async () => {
  const address = await tasks.openGateway();
  await tasks.applyText(
    [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'odd' },
        spec: {
          selector: { istio: 'ingressgateway' },
          servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['odd.example'] }],
        },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'odd-outside' },
        spec: {
          hosts: ['odd.example'],
          gateways: ['odd'],
          http: [{ route: [{ destination: { host: 'odd' } }] }],
        },
      },
    ]
      .map((object) => JSON.stringify(object))
      .join('\n---\n'),
  );
  const gateway = await tasks.podOf('istio-ingressgateway', 'istio-system');
  const books = await during(
    requestsOf,
    100,
    async () => {
      for (let i = 0; i < 100; i += 1) {
        const { body } = await request(`http://${address}/`, { headers: { host: 'odd.example' } });
        await body.dump();
      }
    },
    gateway,
  );
  expect(books).toEqual({ source: { '200 -': 100 }, destination: { '200 -': 100 } });
});
