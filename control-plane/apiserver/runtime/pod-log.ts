import { pipeline } from 'node:stream/promises';
import type { ApiRequest, StreamReply } from '../http/exchange.ts';
import { flag, wholeNumber } from '../http/query.ts';
import type { Registry } from '../registry/registry.ts';
import { badRequest } from '../registry/statuses.ts';
import type { ResourcePath } from '../resources/resource-path.ts';
import { containerOf } from './default-container.ts';
import { findRuntime } from './find-runtime.ts';
import { getFromRuntime } from './runtime-request.ts';

/** The log of one container, as the node runtime streams it. */
export async function podLog(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
): Promise<StreamReply> {
  const { namespace = '', name = '' } = path;
  const query = logQuery(request.query);
  const runtime = await findRuntime(registry, namespace, name);
  const container = containerOf(runtime.pod, request.query.get('container') ?? undefined);
  const target = `/containerLogs/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/${encodeURIComponent(container)}`;
  const log = await getFromRuntime(runtime, `${target}?${query}`, request.signal);
  return {
    async stream(response) {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.flushHeaders();
      await pipeline(log, response);
    },
  };
}

/** Only options that are known pass, checked. */
function logQuery(query: URLSearchParams): URLSearchParams {
  const checked = new URLSearchParams();
  for (const name of ['follow', 'previous', 'timestamps']) {
    if (flag(query, name)) checked.set(name, 'true');
  }
  for (const name of ['tailLines', 'sinceSeconds', 'limitBytes']) {
    const value = wholeNumber(query, name);
    if (value !== undefined) checked.set(name, String(value));
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime !== null) {
    if (Number.isNaN(Date.parse(sinceTime))) throw badRequest('sinceTime must be an RFC 3339 time');
    if (checked.has('sinceSeconds'))
      throw badRequest('at most one of sinceTime or sinceSeconds may be specified');
    checked.set('sinceTime', sinceTime);
  }
  return checked;
}
