import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { programPod, service } from '../../support/programs.ts';
import { sidecarMetric, Tasks } from '../../support/tasks.ts';

/** Clients that are slow on purpose, and those that ask for too much, at a pod that says how much it puts up with. */
let tasks: Tasks;
let pod: Stored<Pod>;

/** Answers a request once all of it has come. */
const PATIENT = `
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.end('ok'));
});
server.listen(8080);
process.on('SIGTERM', () => process.exit(0));
`;

const LIMITS = {
  'traffic.weft.dev/request-headers-timeout': '1s',
  'traffic.weft.dev/stream-idle-timeout': '1s',
  'traffic.weft.dev/max-request-bytes': '1000',
  'traffic.weft.dev/max-request-headers-kb': '2',
};

function guardedPod(annotations: Record<string, string>): object {
  const made = programPod({ name: 'guarded', app: 'guarded', program: PATIENT, ready: true });
  const { metadata } = made as { metadata: object };
  return { ...made, metadata: { ...metadata, annotations } };
}

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/sample-client/fortio-deploy.yaml');
  await tasks.mesh.apply(service('guarded'), guardedPod(LIMITS));
  pod = await tasks.mesh.podReady('guarded');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

async function dial(): Promise<Socket> {
  const socket = connect(8080, pod.status?.podIP);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** What the sidecar says until it ends the connection. */
async function allOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  socket.destroy();
  return text;
}

test.each<[string, string, RegExp]>([
  [
    'its head',
    'GET / HTTP/1.1\r\nHost: guarded\r\nX-Slow: ',
    / 408 [\s\S]*x-weft-reason: DPE; .*\(request_headers_timeout\)/,
  ],
  [
    'its body',
    'POST / HTTP/1.1\r\nHost: guarded\r\nContent-Length: 100\r\n\r\nslow',
    / 408 [\s\S]*x-weft-reason: SI; the client sent no byte .*\(stream_idle_timeout\)/,
  ],
])('clients that hold back %s are cut off, and nobody else notices', async (_, begun, answer) => {
  const slow = await Promise.all(Array.from({ length: 20 }, dial));
  const answers = slow.map((socket) => {
    socket.write(begun);
    return allOf(socket);
  });
  const { codes } = await tasks.load('-c', '4', '-n', '200', 'http://guarded/');
  expect(codes).toEqual({ 200: 200 });
  for (const text of await Promise.all(answers)) expect(text).toMatch(answer);
});

test.each<[string, string, RegExp]>([
  [
    'body',
    'POST / HTTP/1.1\r\nHost: guarded\r\nContent-Length: 1001\r\n\r\n',
    / 413 [\s\S]*above 1000 bytes \(max_request_bytes\)/,
  ],
  [
    'head',
    `GET / HTTP/1.1\r\nHost: guarded\r\nX-Long: ${'x'.repeat(2048)}\r\n\r\n`,
    / 431 [\s\S]*above 2 KiB \(max_request_headers_kb\)/,
  ],
])('a longer %s than the pod wants is refused', async (_, request, answer) => {
  const socket = await dial();
  socket.write(request);
  expect(await allOf(socket)).toMatch(answer);
});

test('what was cut off is counted as such', async () => {
  const idle = { response_flags: 'SI', response_code: '408' };
  expect(await sidecarMetric(pod, 'istio_requests_total', idle)).toBe(20);
});

test('a pod takes as many connections as it says, and more when it says more', async () => {
  await tasks.mesh.client.patch(Pod, 'default', 'guarded', {
    metadata: { annotations: { 'traffic.weft.dev/max-connections': '2' } },
  });
  await tasks.mesh.until('the third is turned away', async () => {
    const [first, second, third] = (await Promise.all([dial(), dial(), dial()])) as [Socket, Socket, Socket];
    third.write('GET / HTTP/1.1\r\nHost: guarded\r\nConnection: close\r\n\r\n');
    const answer = await allOf(third);
    first.destroy();
    second.destroy();
    return answer === '' ? true : undefined;
  });
  const annotations = { 'traffic.weft.dev/max-connections': null };
  await tasks.mesh.client.patch(Pod, 'default', 'guarded', { metadata: { annotations } });
  await tasks.mesh.until('the load is served', async () => {
    const { codes } = await tasks.load('-c', '4', '-n', '20', 'http://guarded/');
    return codes['200'] === 20 ? true : undefined;
  });
});

test('an annotation that says nothing sensible is refused by name, with what to write', async () => {
  const wrong = guardedPod({ 'traffic.weft.dev/request-timeout': '30' });
  await expect(tasks.mesh.apply(wrong)).rejects.toThrow(
    /traffic\.weft\.dev\/request-timeout.*must be a duration such as "30s"/,
  );
});
