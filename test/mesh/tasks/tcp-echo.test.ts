import { afterAll, beforeAll, expect, test } from 'vitest';
import { points, Tasks } from '../../support/tasks.ts';

/** TCP traffic shifting, from a pod of the mesh. */
let tasks: Tasks;
beforeAll(async () => {
  tasks = await Tasks.start('tcp-echo/tcp-echo-services.yaml', 'curl');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

const MANY = `
const net = require('node:net');
const seen = {};
const once = () => new Promise((done) => {
  let all = '';
  const socket = net.connect(9000, 'tcp-echo', () => socket.end('hello\\n'));
  socket.on('data', (data) => { all += data; });
  socket.on('error', (error) => { all = error.message; });
  socket.on('close', () => { seen[all.trim()] = (seen[all.trim()] || 0) + 1; done(); });
});
let left = Number(process.argv[1]);
const worker = async () => { while (left-- > 0) await once(); };
Promise.all(Array.from({ length: 8 }, worker)).then(() => console.log(JSON.stringify(seen)));
`;

/** Who answers that many connections. */
async function answers(connections: number): Promise<Record<string, number>> {
  return JSON.parse(await tasks.exec('curl', 'curl', ['node', '-e', MANY, String(connections)]));
}

test('every connection goes to v1', async () => {
  await tasks.apply('tcp-echo/tcp-echo-all-v1.yaml');
  expect(await tasks.say('tcp-echo', 9000, 'hello\n')).toBe('one hello\n');
  expect(await answers(100)).toEqual({ 'one hello': 100 });
});

test('two connections in ten go to v2', async () => {
  await tasks.apply('tcp-echo/tcp-echo-20-v2.yaml');
  const seen = await answers(2000);
  expect(Object.keys(seen).sort()).toEqual(['one hello', 'two hello']);
  expect(Math.abs(points(seen, 'two hello') - 20)).toBeLessThanOrEqual(2);
});
