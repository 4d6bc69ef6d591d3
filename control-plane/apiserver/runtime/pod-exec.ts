import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Registry } from '../registry/registry.ts';
import { badRequest } from '../registry/statuses.ts';
import type { ResourcePath } from '../resources/resource-path.ts';
import { containerOf } from './default-container.ts';
import { findRuntime, type RuntimeOfPod } from './find-runtime.ts';
import { doesNotAnswer } from './runtime-request.ts';

/** What the client offers of the protocol goes to the runtime; who the client is does not. */
const PASSED_ON = [
  'connection',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'x-stream-protocol-version',
];

/**
 * exec: the upgrade is handed to the node runtime as it is, and from then on bytes go both ways unread. Throws an
 * ApiError as long as nothing was answered yet.
 */
export async function podExec(
  registry: Registry,
  incoming: IncomingMessage,
  query: URLSearchParams,
  path: ResourcePath,
  client: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const { namespace = '', name = '' } = path;
  if (query.getAll('command').length === 0) throw badRequest('you must specify at least one command');
  const runtime = await findRuntime(registry, namespace, name);
  const container = containerOf(runtime.pod, query.get('container') ?? undefined);
  const passed = new URLSearchParams([...query].filter(([key]) => key !== 'container'));
  const target = `/exec/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/${encodeURIComponent(container)}?${passed}`;
  await tunnel(runtime, target, incoming, client);
}

async function tunnel(
  runtime: RuntimeOfPod,
  target: string,
  incoming: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const headers = Object.fromEntries(
    PASSED_ON.flatMap((name) =>
      incoming.headers[name] === undefined ? [] : [[name, incoming.headers[name]]],
    ),
  );
  const { socketPath } = runtime;
  const request = httpRequest({ socketPath, path: target, method: incoming.method, headers });
  const onGone = (): void => void request.destroy();
  socket.once('close', onGone);
  const answer = await new Promise<{ response: IncomingMessage; upstream?: Duplex; first?: Buffer }>(
    (resolve, reject) => {
      request.once('upgrade', (response, upstream, first) => resolve({ response, upstream, first }));
      request.once('response', (response) => resolve({ response }));
      request.once('error', (error) => reject(doesNotAnswer(runtime, error)));
      request.end();
    },
  );
  socket.off('close', onGone);
  socket.write(headOf(answer.response));
  if (answer.upstream === undefined) return pipeline(answer.response, socket);
  if (answer.first !== undefined && answer.first.length > 0) socket.write(answer.first);
  if (head.length > 0) answer.upstream.write(head);
  await Promise.all([flow(answer.upstream, socket), flow(socket, answer.upstream)]);
}

/** Bytes from one side to the other until the first has no more; what was written is delivered before the end. */
function flow(from: Duplex, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    from.pipe(to);
    from.once('error', () => to.destroy());
    from.once('close', () => {
      to.end();
      resolve();
    });
  });
}

/** The runtime's answer head, byte for byte; a refusal is not chunked, since Node took the chunks apart. */
function headOf(response: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`];
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    const name = response.rawHeaders[i] ?? '';
    const hop = response.statusCode !== 101 && /^(transfer-encoding|connection|keep-alive)$/i.test(name);
    if (!hop) lines.push(`${name}: ${response.rawHeaders[i + 1]}`);
  }
  if (response.statusCode !== 101) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
