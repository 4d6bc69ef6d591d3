/** What one client does with one connection over HTTP, from its first byte to its end. */
import type { Random } from '#api/foundation/random.ts';
import { below, pause, pick } from './dice.ts';
import { type Asked, HttpClient, type World } from './http-client.ts';
import { TO } from './mesh-listeners.ts';
import { ask, drawMalformed, drawPipelined, drawRequest, drawRuled } from './requests.ts';

export type Visit = (world: World, random: Random) => Promise<void>;

/** Ends in peace, and waits for the other side to do so too. */
async function finish(client: HttpClient): Promise<void> {
  client.leave('end');
  await client.closed();
}

/** Asks several times, one after the other. */
const keepAlive =
  (account: string, destination: number, direction: 'outbound' | 'inbound' = 'outbound'): Visit =>
  async (world, random) => {
    const client = new HttpClient(world, destination, direction);
    for (let i = 1 + below(random, 6); i > 0 && !client.over && !client.closing; i--) {
      await client.send(drawRequest(account, random));
      if (random() < 0.2) await pause(random, 300);
    }
    await finish(client);
  };

const pipelined: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  const all = Array.from({ length: 2 + below(random, 12) }, () => drawPipelined('steady', random));
  const settled = all.map((asked) => client.begin(asked));
  client.socket.write(Buffer.concat(all.map(({ bytes }) => bytes)));
  await Promise.all(settled);
  await finish(client);
};

/** Writes a request in pieces that are cut anywhere. */
const inPieces: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  const asked = drawRequest('steady', random);
  const settled = client.begin(asked);
  let at = 0;
  const most = pick(random, [1, 20, 300]);
  for (let pieces = 0; at < asked.bytes.length && pieces < 40; pieces++) {
    const end = Math.min(at + 1 + below(random, most), asked.bytes.length);
    client.socket.write(asked.bytes.subarray(at, end));
    at = end;
    await pause(random, 5);
  }
  client.socket.write(asked.bytes.subarray(at));
  await settled;
  await finish(client);
};

/** Reads a large answer at its leisure. */
const slowReader: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  const how = pick(random, ['length', 'chunked', 'close']);
  const path = `/?size=${500_000 + below(random, 1_500_000)}&how=${how}`;
  let reading = true;
  const settled = client.send(ask({ account: 'steady', path })).then(() => {
    reading = false;
  });
  for (let i = 0; i < 8 && reading; i++) {
    client.socket.pause();
    await pause(random, 100);
    client.socket.resume();
    await pause(random, 10);
  }
  await settled;
  await finish(client);
};

/** Leaves anywhere in a request, or in its answer. */
const leaver: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  client.impatient();
  for (let i = below(random, 3); i > 0 && !client.over && !client.closing; i--)
    await client.send(drawRequest('leavers', random));
  const asked = drawRequest('leavers', random);
  const whole = random() < 0.6;
  const sent = whole ? asked.bytes.length : below(random, asked.bytes.length);
  void client.begin(asked);
  client.socket.write(asked.bytes.subarray(0, sent));
  await pause(random, pick(random, [1, 20, 200]));
  const how = pick(random, ['end', 'close', 'reset'] as const);
  client.leave(how, sent);
  if (how === 'end' && random() < 0.5) await pause(random, 500);
  else if (how === 'end') await client.closed();
  client.leave('close');
  await client.closed();
};

/** Many requests at once, and gone. */
const crowdLeaver: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  client.impatient();
  const all = Array.from({ length: 1 + below(random, 8) }, () => drawPipelined('leavers', random));
  for (const asked of all) void client.begin(asked);
  client.socket.write(Buffer.concat(all.map(({ bytes }) => bytes)));
  await pause(random, 20);
  client.leave(pick(random, ['close', 'reset'] as const));
  await client.closed();
};

/** Announces a body and waits for leave to send it. */
const expectant: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  const body = Buffer.alloc(1 + below(random, 50_000), 'e');
  const asked = ask({ account: 'steady', method: 'POST', body, lines: ['Expect: 100-continue'] });
  const settled = client.begin(asked);
  client.socket.write(asked.bytes.subarray(0, asked.headBytes));
  await pause(random, 30);
  client.socket.write(asked.bytes.subarray(asked.headBytes));
  await settled;
  await finish(client);
};

/** Gets its answer before it has sent all. */
const earlyAnswer: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  const body = Buffer.alloc(20_000 + below(random, 200_000), 'b');
  const asked = ask({ account: 'steady', method: 'POST', path: '/?early=1&size=100', body });
  const settled = client.begin(asked);
  const cut = asked.headBytes + below(random, 10_000);
  client.socket.write(asked.bytes.subarray(0, cut));
  await pause(random, 40);
  client.socket.write(asked.bytes.subarray(cut));
  await settled;
  await finish(client);
};

const malformed: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  if (random() < 0.3) await client.send(drawPipelined('steady', random));
  if (client.closing) {
    await finish(client);
    return;
  }
  await client.send(drawMalformed(random));
  await finish(client);
};

const ruled: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  for (let i = 1 + below(random, 3); i > 0 && !client.over && !client.closing; i--)
    await client.send(drawRuled(random));
  await finish(client);
};

/** Becomes another protocol; either side ends it, in peace or not. */
const upgrade: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  client.impatient();
  const asked = ask({ account: 'leavers', lines: ['Connection: Upgrade', 'Upgrade: websocket'] });
  await client.send(asked);
  if (!client.switched) {
    await finish(client);
    return;
  }
  let expected = client.tunnelled;
  for (let i = below(random, 5); i > 0 && !client.over; i--) {
    const message = Buffer.alloc(1 + below(random, 20_000), 'w');
    client.socket.write(message);
    expected += message.length;
    await client.tunnelBytes(expected);
  }
  await pick(random, [
    () => finish(client),
    async () => {
      client.socket.write('BYE');
      await client.closed();
    },
    async () => {
      client.socket.write('RESET');
      await client.closed();
    },
    async () => {
      client.leave('reset');
      await client.closed();
    },
  ])();
};

/** Waits for whatever comes of a service that is in a bad way. */
const chaos: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.web);
  for (let i = 1 + below(random, 4); i > 0 && !client.over && !client.closing; i--) {
    await client.send(drawChaos(random));
    if (random() < 0.1) break;
  }
  await finish(client);
};

function drawChaos(random: Random): Asked {
  const lines = random() < 0.2 ? ['x-envoy-expected-rq-timeout-ms: 200'] : [];
  return pick(random, [
    () => ask({ account: 'chaos', lines }),
    () => ask({ account: 'chaos', lines }),
    () => ask({ account: 'chaos', method: 'POST', body: Buffer.alloc(below(random, 100_000), 'c'), lines }),
    () => ask({ account: 'chaos', method: 'POST', body: Buffer.alloc(500, 'c'), chunked: true }),
  ])();
}

/** Asks a port whose listener comes and goes; where it is missing, the connection ends. */
const fleeting: Visit = async (world, random) => {
  const client = new HttpClient(world, TO.fleeting);
  client.impatient();
  await client.send(drawPipelined('leavers', random));
  await finish(client);
};

/** Says nothing, or too little, for a while. */
const silent: Visit = async (world, random) => {
  const client = new HttpClient(world, pick(random, [TO.web, TO.detected]));
  if (random() < 0.5) client.socket.write('GE');
  await pause(random, 800);
  client.leave(pick(random, ['end', 'close', 'reset'] as const));
  client.leave('close');
  await client.closed();
};

/** Each with how often it is drawn. */
export const HTTP_VISITS: readonly (readonly [string, number, Visit])[] = [
  ['keep-alive', 20, keepAlive('steady', TO.web)],
  ['inbound', 8, keepAlive('app', TO.inbound, 'inbound')],
  ['detected', 5, keepAlive('steady', TO.detected)],
  ['pipelined', 8, pipelined],
  ['in pieces', 4, inPieces],
  ['slow reader', 2, slowReader],
  ['leaver', 20, leaver],
  ['crowd leaver', 5, crowdLeaver],
  ['expectant', 2, expectant],
  ['early answer', 2, earlyAnswer],
  ['malformed', 6, malformed],
  ['ruled', 4, ruled],
  ['upgrade', 4, upgrade],
  ['chaos', 20, chaos],
  ['fleeting', 4, fleeting],
  ['silent', 3, silent],
];
