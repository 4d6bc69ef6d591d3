import { request as httpRequest, type IncomingMessage } from 'node:http';
import { ApiError } from '#api/client/client.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { unavailable } from '../registry/statuses.ts';
import type { RuntimeOfPod } from './find-runtime.ts';

/** Error texts of the runtime are passed on up to here. */
const MAX_MESSAGE_BYTES = 16_384;

/** GET on the node runtime's socket. Resolves with a good answer; everything else throws an ApiError. */
export async function getFromRuntime(
  runtime: RuntimeOfPod,
  path: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({ socketPath: runtime.socketPath, path, signal });
    request.once('response', resolve);
    request.once('error', (error) => reject(doesNotAnswer(runtime, error)));
    request.end();
  });
  if (answer.statusCode === 200) return answer;
  throw await refusalOf(runtime, answer);
}

export function doesNotAnswer(runtime: RuntimeOfPod, error: unknown): ApiError {
  return unavailable(`the runtime of node ${runtime.node} does not answer: ${messageOf(error)}`);
}

/** The runtime's own refusal, as a Status with its code. */
async function refusalOf(runtime: RuntimeOfPod, answer: IncomingMessage): Promise<ApiError> {
  const code = answer.statusCode ?? 500;
  const text = (await textOf(answer)).trim();
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: messageIn(text) || `the runtime of node ${runtime.node} answered ${code}`,
    reason: code === 404 ? 'NotFound' : code === 400 ? 'BadRequest' : 'InternalError',
    code,
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_MESSAGE_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_MESSAGE_BYTES).toString();
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}
