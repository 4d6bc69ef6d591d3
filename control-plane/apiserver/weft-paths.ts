import { type ApiRequest, jsonReply, type Reply, type StreamReply } from './http/exchange.ts';
import { wholeNumber } from './http/query.ts';
import type { Registry } from './registry/registry.ts';
import { badRequest, methodNotAllowed, noSuchPath, unavailable } from './registry/statuses.ts';
import { proxyAdmin } from './runtime/proxy-admin.ts';

/** Which sidecars run a change, as the push ledger knows it. */
export interface Rollout {
  readonly live: boolean;
  readonly pending: readonly { readonly proxy: string; readonly reason: string }[];
  readonly refused: readonly { readonly proxy: string; readonly type: string; readonly reason: string }[];
}

/** What the push ledger answers; declared here, so that the API does not depend on who keeps it. */
export interface Ledger {
  proxies(): unknown;
  /** `revision` is a resourceVersion. */
  waitFor(revision: string, timeoutMs: number): Promise<Rollout>;
}

/** What is wrong with the configuration, with these objects in it. Throws an `Invalid` Status for objects that are wrong in themselves. */
export type Analyzer = (objects: readonly unknown[]) => Promise<readonly unknown[]>;

/** What stands behind weft's own paths. */
export interface WeftServices {
  readonly ledger: Ledger;
  readonly analyze: Analyzer;
}

const DEFAULT_WAIT_SECONDS = 30;
const MAX_WAIT_SECONDS = 300;
const PROXY_PAGE = /^\/weft\/v1\/(proxyconfig|proxystats)\/([^/]+)\/([^/]+)$/;

/** weft's own paths, beside Kubernetes'. Undefined when the path is none of them. */
export async function handleWeftPath(
  registry: Registry,
  services: WeftServices | undefined,
  request: ApiRequest,
): Promise<Reply | StreamReply | undefined> {
  if (!request.path.startsWith('/weft/v1/')) return undefined;
  if (request.path === '/weft/v1/analyze' && request.method === 'POST') {
    return analyze(required(services).analyze, request);
  }
  if (request.method !== 'GET') throw methodNotAllowed(request.method, request.path);
  if (request.path === '/weft/v1/proxies') return jsonReply({ proxies: required(services).ledger.proxies() });
  if (request.path === '/weft/v1/rollout') return rollout(required(services).ledger, request);
  const [, page, namespace, name] = PROXY_PAGE.exec(request.path) ?? [];
  if (namespace === undefined || name === undefined) throw noSuchPath(request.path);
  const pod = { namespace: decodeURIComponent(namespace), name: decodeURIComponent(name) };
  return proxyAdmin(registry, request, pod, page === 'proxystats' ? 'stats' : 'config_dump');
}

function required(services: WeftServices | undefined): WeftServices {
  if (services === undefined) throw unavailable('the discovery service is not started yet');
  return services;
}

async function analyze(analyzer: Analyzer, request: ApiRequest): Promise<Reply> {
  const body = parseBody(await request.body());
  if (body === undefined) throw badRequest('the body must be {"objects": [...]}');
  return jsonReply({ findings: await analyzer(body) });
}

function parseBody(bytes: Buffer): readonly unknown[] | undefined {
  try {
    const { objects } = JSON.parse(bytes.toString('utf8')) as { objects?: unknown };
    return Array.isArray(objects) ? objects : undefined;
  } catch {
    return undefined;
  }
}

/** Answers when every sidecar that the change touches runs it, or when time is up with who does not and why. */
async function rollout(ledger: Ledger, { query }: ApiRequest): Promise<Reply> {
  const revision = wholeNumber(query, 'resourceVersion');
  if (revision === undefined) throw badRequest('resourceVersion is required');
  const seconds = wholeNumber(query, 'timeoutSeconds') ?? DEFAULT_WAIT_SECONDS;
  return jsonReply(await ledger.waitFor(String(revision), Math.min(seconds, MAX_WAIT_SECONDS) * 1000));
}
