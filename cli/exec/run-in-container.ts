/** Runs a command in a container through the API server, over a WebSocket. */
import WebSocket from 'ws';
import type { ServerAddress } from '#api/client/http-transport.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { CHANNEL, END_OF_STDIN, frame, type Outcome, outcomeOf, SUBPROTOCOL } from './channels.ts';

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly argv: readonly string[];
  readonly tty: boolean;
}

export interface ExecStreams {
  /** Absent: the command gets none. */
  readonly stdin: NodeJS.ReadStream | undefined;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** More than this on its way to the server stops reading standard input for a while. */
const HIGH_WATER_BYTES = 1024 * 1024;
const DRAIN_CHECK_MS = 10;

/** Resolves with the command's exit code. Throws a WeftError `ExecFailed` when it did not run. */
export async function runInContainer(
  server: ServerAddress,
  request: ExecRequest,
  streams: ExecStreams,
): Promise<number> {
  const socket = connect(server, request, streams.stdin !== undefined);
  const release = request.tty ? rawTerminal(socket, streams) : () => {};
  try {
    const outcome = await converse(socket, streams);
    if ('exitCode' in outcome) return outcome.exitCode;
    throw new WeftError('ExecFailed', outcome.failure);
  } finally {
    release();
    socket.terminate();
    streams.stdin?.pause();
  }
}

function connect(server: ServerAddress, request: ExecRequest, stdin: boolean): WebSocket {
  const { namespace, pod, container, argv, tty } = request;
  const query = new URLSearchParams({
    container,
    stdout: 'true',
    stderr: String(!tty),
    stdin: String(stdin),
    tty: String(tty),
  });
  for (const word of argv) query.append('command', word);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
  return new WebSocket(`${server.server.replace(/^http/, 'ws')}${path}`, SUBPROTOCOL, {
    ...(server.ca !== undefined && { ca: server.ca }),
    ...(server.cert !== undefined && { cert: server.cert, key: server.key }),
    headers: server.token === undefined ? {} : { authorization: `Bearer ${server.token}` },
    perMessageDeflate: false,
  });
}

function converse(socket: WebSocket, streams: ExecStreams): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let outcome: Outcome | undefined;
    socket.on('open', () => streams.stdin !== undefined && forwardStdin(socket, streams.stdin));
    socket.on('message', (data: Buffer) => {
      const payload = data.subarray(1);
      if (data[0] === CHANNEL.stdout) pass(socket, streams.stdout, payload);
      else if (data[0] === CHANNEL.stderr) pass(socket, streams.stderr, payload);
      else if (data[0] === CHANNEL.status) outcome = outcomeOf(payload.toString('utf8'));
    });
    socket.on('close', () => resolve(outcome ?? { failure: 'the connection ended before the command did' }));
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ failure: refusal(response.statusCode, Buffer.concat(chunks).toString('utf8')) }),
      );
    });
    socket.on('error', (error) =>
      reject(new WeftError('ExecFailed', `the API server cannot be reached: ${messageOf(error)}`)),
    );
    streams.signal.addEventListener('abort', () => socket.close(), { once: true });
  });
}

/** Keeps the order of output and waits for a slow reader. */
function pass(socket: WebSocket, stream: NodeJS.WriteStream, payload: Buffer): void {
  if (stream.write(payload)) return;
  socket.pause();
  stream.once('drain', () => socket.resume());
}

function refusal(code: number | undefined, body: string): string {
  const outcome = outcomeOf(body);
  return 'failure' in outcome && !outcome.failure.startsWith('the server sent')
    ? outcome.failure
    : `the API server answered ${code}`;
}

function forwardStdin(socket: WebSocket, stdin: NodeJS.ReadStream): void {
  stdin.on('data', (chunk: Buffer) => {
    socket.send(frame(CHANNEL.stdin, chunk));
    if (socket.bufferedAmount < HIGH_WATER_BYTES) return;
    stdin.pause();
    const check = setInterval(() => {
      if (socket.bufferedAmount >= HIGH_WATER_BYTES && socket.readyState === WebSocket.OPEN) return;
      clearInterval(check);
      stdin.resume();
    }, DRAIN_CHECK_MS);
  });
  stdin.on('end', () => socket.readyState === WebSocket.OPEN && socket.send(END_OF_STDIN));
}

/** Hands every key to the command and tells it the size of the window. Returns what puts the terminal back. */
function rawTerminal(socket: WebSocket, { stdin, stdout }: ExecStreams): () => void {
  const resize = (): void => {
    const size = JSON.stringify({ Width: stdout.columns ?? 80, Height: stdout.rows ?? 24 });
    if (socket.readyState === WebSocket.OPEN) socket.send(frame(CHANNEL.resize, Buffer.from(size)));
  };
  socket.on('open', resize);
  stdout.on('resize', resize);
  if (stdin?.isTTY) stdin.setRawMode(true);
  return () => {
    stdout.off('resize', resize);
    if (stdin?.isTTY) stdin.setRawMode(false);
  };
}
