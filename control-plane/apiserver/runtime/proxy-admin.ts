import { pipeline } from 'node:stream/promises';
import type { ApiRequest, StreamReply } from '../http/exchange.ts';
import type { Registry } from '../registry/registry.ts';
import { findRuntime } from './find-runtime.ts';
import { getFromRuntime } from './runtime-request.ts';

/** What the admin API of a pod's sidecar says, through the node runtime. */
export async function proxyAdmin(
  registry: Registry,
  request: ApiRequest,
  pod: { readonly namespace: string; readonly name: string },
  page: 'config_dump' | 'stats',
): Promise<StreamReply> {
  const runtime = await findRuntime(registry, pod.namespace, pod.name);
  const path = `/proxy/${encodeURIComponent(pod.namespace)}/${encodeURIComponent(pod.name)}/${page}`;
  const answer = await getFromRuntime(runtime, path, request.signal);
  return {
    async stream(response) {
      response.writeHead(200, { 'content-type': answer.headers['content-type'] ?? 'application/json' });
      await pipeline(answer, response);
    },
  };
}
