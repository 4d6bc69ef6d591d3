import type { Status } from '#api/client/client.ts';

/** Kubernetes' remote command subprotocols over WebSocket, the ones we speak, the better first. */
export const SUBPROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
export type Subprotocol = (typeof SUBPROTOCOLS)[number];

/** The first byte of every message names its channel. `close` is of version 5: the channel named next has ended. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export function chooseSubprotocol(offered: Iterable<string>): Subprotocol | undefined {
  const names = new Set(offered);
  return SUBPROTOCOLS.find((name) => names.has(name));
}

export function frame(channel: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(channel), bytes]);
}

/** How the command ended, as clients read it from the status channel. */
export function exitStatus(code: number): Record<string, unknown> {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

export function failureStatus(message: string): Pick<Status, 'status' | 'message' | 'reason' | 'code'> & {
  metadata: object;
} {
  return { metadata: {}, status: 'Failure', reason: 'InternalError', message, code: 500 };
}
