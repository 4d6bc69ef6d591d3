import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { Client } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '#api/foundation/logger.ts';
import type { ExecOptions } from '../pod/containers.ts';
import { containerLog } from '../pod/pod-paths.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { FakeNode } from '../pod/testing/fake-node.ts';
import { pod, record } from '../pod/testing/fixtures.ts';
import { type RuntimeServer, startRuntimeServer } from './runtime-server.ts';

type Command = (options: Pick<ExecOptions, 'stdin' | 'stdout' | 'stderr' | 'signal'>) => Promise<number>;

let directory: string;
let server: RuntimeServer;
let client: Client;
let node: FakeNode;
let worker: PodWorker;
let command: Command;
const socketPath = (): string => join(directory, 'runtime.sock');

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weft-api-'));
  node = new FakeNode();
  worker = await node.worker(record());
  command = async () => 0;
  server = await startRuntimeServer({
    socketPath: socketPath(),
    podLogs: directory,
    wallMs: Date.now,
    logger: silentLogger,
    workers: () => [worker],
    find: (namespace, name) => (namespace === 'shop' && name === 'web' ? worker : undefined),
    adminSocket: () => join(directory, 'admin.sock'),
    exec: (_worker, container) => async (argv, streams) => {
      if (container !== 'app') throw new Error(`the pod has no container ${container}`);
      expect(argv).toEqual(['ls', '-l']);
      return command(streams);
    },
  });
  client = new Client('http://node', { socketPath: socketPath() });
});
afterEach(async () => {
  await client.destroy();
  await server.close();
  worker.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function get(path: string): Promise<{ code: number; text: string }> {
  const { statusCode, body } = await client.request({ method: 'GET', path });
  return { code: statusCode, text: await body.text() };
}

function writeLog(attempt: number, ...lines: string[]): void {
  const path = containerLog(directory, pod(), 'app', attempt);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `2030-01-01T00:00:00Z stdout F ${line}\n`).join(''));
}

test('only its owner may open the socket', () => {
  expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
});

test('says that it is healthy, and what it looks after', async () => {
  expect(await get('/healthz')).toEqual({ code: 200, text: 'ok' });
  const [view] = JSON.parse((await get('/pods')).text) as { name: string; containers: { stage: string }[] }[];
  expect(view).toMatchObject({ name: 'web', containers: [{ stage: 'running' }, { stage: 'running' }] });
});

test('streams the log of a container, also of the one before', async () => {
  writeLog(0, 'first');
  expect(await get('/containerLogs/shop/web/app')).toEqual({ code: 200, text: 'first\n' });
  await node.end('m-u1-app-0', 1);
  writeLog(1, 'second');
  expect((await get('/containerLogs/shop/web/app?tailLines=1')).text).toBe('second\n');
  expect((await get('/containerLogs/shop/web/app?previous=true')).text).toBe('first\n');
});

test('a followed log ends with its container', async () => {
  writeLog(0, 'first');
  const { body } = await client.request({ method: 'GET', path: '/containerLogs/shop/web/app?follow=true' });
  const text = body.text();
  await node.end('m-u1-app-0', 0);
  expect(await text).toBe('first\n');
});

test.each([
  ['/containerLogs/shop/other/app', 404, 'pod shop/other is not on this node'],
  ['/containerLogs/shop/web/none', 400, 'container none is not valid for pod web'],
  ['/containerLogs/shop/web/app', 400, 'is waiting to start'],
  ['/containerLogs/shop/web/app?previous=true', 400, 'previous terminated container'],
  ['/containerLogs/shop/web/app?tailLines=x', 400, 'tailLines'],
  ['/proxy/shop/web/quitquitquit', 404, 'is not one of config_dump'],
  ['/proxy/shop/web/config_dump', 503, 'the sidecar does not answer'],
  ['/nothing', 404, 'there is nothing at this path'],
  ['/exec/shop/web/app?command=ls', 404, 'there is nothing at this path'],
])('refuses %s with %i', async (path, code, message) => {
  const answer = await get(path);
  expect(answer.code).toBe(code);
  expect(JSON.parse(answer.text)).toMatchObject({
    kind: 'Status',
    code,
    message: expect.stringContaining(message),
  });
});

test('passes the pages of a sidecar on', async () => {
  const admin = createServer((request, response) => {
    response.setHeader('content-type', 'text/x-test');
    response.end(request.url);
  });
  await new Promise<void>((resolve) => admin.listen(join(directory, 'admin.sock'), resolve));
  const { headers, body } = await client.request({
    method: 'GET',
    path: '/proxy/shop/web/stats?format=json',
  });
  expect(await body.text()).toBe('/stats?format=json');
  expect(headers['content-type']).toBe('text/x-test');
  admin.close();
});

const EXEC = '/exec/shop/web/app?command=ls&command=-l&stdout=true&stderr=true';

interface Session {
  readonly socket: WebSocket;
  readonly output: Record<number, string>;
  readonly closed: Promise<number>;
}

function exec(path: string, protocols = ['v4.channel.k8s.io', 'v5.channel.k8s.io']): Promise<Session> {
  const socket = new WebSocket(`ws+unix:${socketPath()}:${path}`, protocols);
  const output: Record<number, string> = {};
  socket.on('message', (data: Buffer) => {
    const channel = data[0] ?? -1;
    output[channel] = (output[channel] ?? '') + data.subarray(1).toString();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ socket, output, closed }));
    socket.on('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))));
    socket.on('error', reject);
  });
}

function write(stream: Writable | undefined, text: string): Promise<void> {
  return new Promise((resolve) => stream?.write(text, () => resolve()));
}

test('runs a command and says how it ended', async () => {
  command = async ({ stdin, stdout, stderr }) => {
    expect(stdin).toBeUndefined();
    await write(stdout, 'out');
    await write(stderr, 'err');
    return 0;
  };
  const { socket, output, closed } = await exec(EXEC);
  expect(await closed).toBe(1000);
  expect(socket.protocol).toBe('v5.channel.k8s.io');
  expect(output).toEqual({ 1: 'out', 2: 'err', 3: JSON.stringify({ metadata: {}, status: 'Success' }) });
});

test('an exit code is told as Kubernetes tells it', async () => {
  command = async () => 3;
  const { output, closed } = await exec(EXEC, ['v4.channel.k8s.io']);
  await closed;
  expect(JSON.parse(output[3] ?? '')).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  });
});

test('input goes in until the client ends it', async () => {
  command = async ({ stdin, stdout }) => {
    let all = '';
    for await (const chunk of stdin ?? []) all += String(chunk);
    await write(stdout, all.toUpperCase());
    return 0;
  };
  const { socket, output, closed } = await exec(`${EXEC}&stdin=true`);
  socket.send(Buffer.from('\0hello '));
  socket.send(Buffer.from('\0you'));
  socket.send(Buffer.of(255, 0));
  await closed;
  expect(output[1]).toBe('HELLO YOU');
});

test('a client that leaves ends its command', async () => {
  const ended = Promise.withResolvers<string>();
  command = ({ signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        ended.resolve('aborted');
        reject(new Error('aborted'));
      });
    });
  const { socket } = await exec(EXEC);
  socket.terminate();
  expect(await ended.promise).toBe('aborted');
});

test('a command that cannot be run says why', async () => {
  const { output, closed } = await exec(EXEC.replace('/app', '/none'));
  await closed;
  expect(JSON.parse(output[3] ?? '')).toMatchObject({
    status: 'Failure',
    message: 'the pod has no container none',
  });
});

test.each([
  ['no command', '/exec/shop/web/app?stdout=true', undefined],
  ['a terminal', `${EXEC}&tty=true`, undefined],
  ['no streams', '/exec/shop/web/app?command=ls', undefined],
  ['an unknown subprotocol', EXEC, ['v1.other']],
])('refuses %s before the upgrade', async (_, path, protocols) => {
  await expect(exec(path, protocols)).rejects.toThrowError('400');
});

test('a socket that an earlier node runtime left is taken over', async () => {
  const second = await startRuntimeServer({
    socketPath: socketPath(),
    podLogs: directory,
    wallMs: Date.now,
    logger: silentLogger,
    workers: () => [],
    find: () => undefined,
    adminSocket: () => '',
    exec: () => async () => 0,
  });
  const fresh = new Client('http://node', { socketPath: socketPath() });
  const { body } = await fresh.request({ method: 'GET', path: '/pods' });
  expect(await body.json()).toEqual([]);
  await fresh.destroy();
  await second.close();
});
