import { discoveryDocument } from './discovery/discovery.ts';
import {
  OPENAPI_V2_PROTOBUF,
  openApiV2Json,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
} from './discovery/openapi.ts';
import {
  type ApiRequest,
  type Handler,
  jsonReply,
  type Reply,
  type StreamReply,
  textReply,
} from './http/exchange.ts';
import { badRequest, methodNotAllowed, noSuchPath } from './registry/statuses.ts';
import { handleResource, type ResourceEnvironment } from './resources/resource-handler.ts';
import { parseResourcePath } from './resources/resource-path.ts';
import { podLog } from './runtime/pod-log.ts';
import { handleWeftPath, type WeftServices } from './weft-paths.ts';

/** Tools parse gitVersion as a semantic version and decide by it what the server can do. */
const KUBERNETES_VERSION = { major: '1', minor: '33', gitVersion: 'v1.33.0+weft' };

export interface RouteEnvironment extends ResourceEnvironment {
  readonly weft: () => WeftServices | undefined;
  readonly isReady: () => boolean;
}

/** Paths that need no token, as in Kubernetes: probes and the version say nothing of what is in the mesh. */
export function isPublic(path: string): boolean {
  return path === '/version' || /^\/(healthz|livez|readyz)$/.test(path);
}

/** Everything the server answers, in the order in which it is tried. */
export function createRoutes(environment: RouteEnvironment): Handler {
  return async (request) =>
    health(environment, request) ??
    document(request) ??
    (await handleWeftPath(environment.registry, environment.weft(), request)) ??
    resource(environment, request);
}

function health(environment: RouteEnvironment, { path }: ApiRequest): Reply | undefined {
  if (path === '/version') return jsonReply({ ...KUBERNETES_VERSION, platform: `linux/${process.arch}` });
  if (path === '/healthz' || path === '/livez') return textReply('ok', 200, 'text/plain');
  if (path !== '/readyz') return undefined;
  return environment.isReady()
    ? textReply('ok', 200, 'text/plain')
    : textReply('starting', 503, 'text/plain');
}

/** Discovery and OpenAPI. */
function document(request: ApiRequest): Reply | undefined {
  const found = documentAt(request);
  if (found === undefined) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw methodNotAllowed(request.method, request.path);
  }
  return found;
}

function documentAt({ path, headers }: ApiRequest): Reply | undefined {
  if (path === '/openapi/v2') {
    return (headers.accept ?? '').includes('protobuf')
      ? { code: 200, contentType: OPENAPI_V2_PROTOBUF, body: openApiV2Protobuf() }
      : jsonReply(openApiV2Json());
  }
  const json =
    path === '/openapi/v3' ? openApiV3Index() : (discoveryDocument(path) ?? openApiV3Document(path));
  return json === undefined ? undefined : jsonReply(json);
}

async function resource(environment: RouteEnvironment, request: ApiRequest): Promise<Reply | StreamReply> {
  const path = parseResourcePath(request.path);
  if (path === undefined) throw noSuchPath(request.path);
  if (path.subresource === 'log' && path.kind.subresources.includes('log')) {
    if (request.method !== 'GET') throw methodNotAllowed(request.method, request.path);
    return podLog(environment.registry, request, path);
  }
  if (path.subresource === 'exec' && path.kind.subresources.includes('exec')) {
    throw badRequest('Upgrade request required');
  }
  return handleResource(environment, request, path);
}
