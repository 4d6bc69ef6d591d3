import { WebSocket } from 'ws';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Kubernetes' status of the command, as the client gets it. */
  readonly status: { readonly status: string; readonly details?: { readonly causes: { message: string }[] } };
}

/** Runs a command in a container through the node runtime, with Kubernetes' subprotocol. */
export function execInPod(
  config: MeshConfig,
  pod: string,
  command: readonly string[],
  stdin?: string,
  container = 'app',
): Promise<ExecResult> {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true', stdin: String(stdin !== undefined) });
  for (const word of command) query.append('command', word);
  const url = `ws+unix:${pathsOf(config).runtimeSocket}:/exec/default/${pod}/${container}?${query}`;
  const socket = new WebSocket(url, ['v5.channel.k8s.io']);
  const channels = ['', '', '', ''];
  socket.on('message', (data: Buffer) => {
    channels[data[0] ?? 0] += data.subarray(1).toString();
  });
  socket.on('open', () => {
    if (stdin === undefined) return;
    socket.send(Buffer.concat([Buffer.of(0), Buffer.from(stdin)]));
    socket.send(Buffer.of(255, 0));
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () =>
      resolve({
        stdout: channels[1] ?? '',
        stderr: channels[2] ?? '',
        status: JSON.parse(channels[3] || '{}'),
      }),
    );
  });
}
