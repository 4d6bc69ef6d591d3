/**
 * Kubernetes' remote command protocol `v5.channel.k8s.io`: every WebSocket message begins with the number of its
 * channel. Pure.
 */
export const SUBPROTOCOL = 'v5.channel.k8s.io';
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export function frame(channel: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 1);
  bytes[0] = channel;
  bytes.set(payload, 1);
  return bytes;
}

/** Says that no more standard input comes. */
export const END_OF_STDIN = Uint8Array.of(CHANNEL.close, CHANNEL.stdin);

export type Outcome = { readonly exitCode: number } | { readonly failure: string };

/** Reads the Status of the last channel: success, the exit code of the command, or why it did not run. */
export function outcomeOf(text: string): Outcome {
  let status: {
    status?: string;
    reason?: string;
    message?: string;
    details?: { causes?: { reason?: string; message?: string }[] };
  };
  try {
    status = JSON.parse(text);
  } catch {
    return { failure: `the server sent a status that cannot be read: ${text.slice(0, 200)}` };
  }
  if (status.status === 'Success') return { exitCode: 0 };
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (status.reason === 'NonZeroExitCode' && cause !== undefined) return { exitCode: Number(cause.message) };
  return { failure: status.message ?? status.reason ?? 'the command could not be run' };
}
