import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Status } from './client.ts';

/** A list of a whole mesh fits; an endless body does not eat the process. */
export const MAX_BODY_BYTES = 256 * 1024 * 1024;
const MAX_STATUS_BYTES = 4 * 1024 * 1024;

/** Collects a body of at most `maxBytes`. */
export async function textOf(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new WeftError('AnswerTooLarge', `the server's answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Decodes a body as JSON; a WeftError `AnswerBroken` when it is none. */
export async function jsonOf(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const text = await textOf(body);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WeftError('AnswerBroken', `the server's answer is no JSON: ${messageOf(cause)}`, { cause });
  }
}

/** The Status of a refusal, made up from the HTTP status when the server (or something between) sent none. */
export async function statusOf(statusCode: number, body: AsyncIterable<Uint8Array>): Promise<Status> {
  const text = await textOf(body, MAX_STATUS_BYTES);
  try {
    const status = JSON.parse(text) as Partial<Status> | null;
    if (status?.kind === 'Status') return { ...(status as Status), code: status.code ?? statusCode };
  } catch {
    // Falls through: what is no JSON is quoted as it is.
  }
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: statusCode,
    message: text.trim().slice(0, 500) || `the server answered HTTP ${statusCode}`,
  };
}
