import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { type Exec, refuseUpgrade, serveExec } from './exec/serve-exec.ts';
import { serveLogs } from './logs/container-logs.ts';
import { podView } from './pod-view.ts';
import { proxyAdmin } from './proxy-admin.ts';
import { Refusal, sendJson, sendRefusal } from './status-reply.ts';

/**
 * The node runtime's own API, on a Unix socket that only root opens: what the control plane needs from the node
 * itself (logs, exec, a sidecar's admin pages), with the kubelet's paths.
 */
export interface RuntimeServerOptions {
  readonly socketPath: string;
  readonly podLogs: string;
  readonly wallMs: () => number;
  readonly logger: Logger;
  workers(): readonly PodWorker[];
  find(namespace: string, pod: string): PodWorker | undefined;
  /** Path of the sidecar's admin socket. */
  adminSocket(worker: PodWorker): string;
  exec(worker: PodWorker, container: string): Exec;
}

export interface RuntimeServer {
  close(): Promise<void>;
}

/** Throws a WeftError `RuntimeSocketFailed` when the socket cannot be made. */
export async function startRuntimeServer(options: RuntimeServerOptions): Promise<RuntimeServer> {
  const server = createServer((request, response) => {
    void handle(request, response, options).catch((error: unknown) => sendRefusal(response, error));
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    try {
      upgrade(request, socket, head, options);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  });
  try {
    await listen(server, options.socketPath);
  } catch (cause) {
    throw new WeftError('RuntimeSocketFailed', `${options.socketPath} cannot be made`, {
      remedy: 'check that the run directory can be written',
      cause,
    });
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A socket that an earlier process left is in the way; the mode is set before anybody can connect. */
function listen(server: Server, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    const before = process.umask(0o177);
    server.once('error', reject);
    server.listen(path, resolve);
    process.umask(before);
  });
}

interface Target {
  readonly verb: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function targetOf(request: IncomingMessage): Target {
  const url = new URL(request.url ?? '/', 'http://node');
  const [verb = '', ...path] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  return { verb, path, query: url.searchParams };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: RuntimeServerOptions,
): Promise<void> {
  if (request.method !== 'GET') throw new Refusal(405, 'only GET is answered here');
  const { verb, path, query } = targetOf(request);
  switch (verb) {
    case 'healthz':
      response.end('ok');
      return;
    case 'pods':
      sendJson(response, 200, options.workers().map(podView));
      return;
    case 'containerLogs': {
      const worker = workerAt(path, options);
      const log = {
        worker,
        container: path[2] ?? '',
        query,
        podLogs: options.podLogs,
        nowMs: options.wallMs(),
      };
      return serveLogs(log, request, response);
    }
    case 'proxy': {
      const worker = workerAt(path, options);
      if (!worker.record.injected) throw new Refusal(400, 'the pod has no sidecar');
      return proxyAdmin(options.adminSocket(worker), path.slice(2).join('/'), query, response);
    }
    default:
      throw new Refusal(404, 'there is nothing at this path');
  }
}

function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: RuntimeServerOptions,
): void {
  const { verb, path, query } = targetOf(request);
  if (verb !== 'exec') throw new Refusal(404, 'there is nothing at this path');
  const worker = workerAt(path, options);
  serveExec(request, socket, head, query, options.exec(worker, path[2] ?? ''));
}

function workerAt([namespace = '', pod = '']: readonly string[], options: RuntimeServerOptions): PodWorker {
  const worker = options.find(namespace, pod);
  if (worker !== undefined) return worker;
  throw new Refusal(404, `pod ${namespace}/${pod} is not on this node`);
}
