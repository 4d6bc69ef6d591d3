import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import { type ApiRequest, JSON_TYPE, type StreamReply } from '../http/exchange.ts';
import { flag, text, wholeNumber } from '../http/query.ts';
import { matcherOf } from '../registry/list-objects.ts';
import type { ObjectVersion } from '../registry/object-version.ts';
import type { Registry } from '../registry/registry.ts';
import { asApiError } from '../registry/statuses.ts';
import type { RegistryEvent } from '../registry/watch-objects.ts';
import { selectionOf, tableView } from './read.ts';
import type { ResourcePath } from './resource-path.ts';
import { tableOf, wantsTable } from './table.ts';

/** A watch ends after this long at least, and at most twice as long, so that load spreads again: kube-apiserver's 30 min. */
const MIN_WATCH_MS = 30 * 60_000;
const BOOKMARK_MS = 60_000;

type Encode = (event: RegistryEvent) => string;

/**
 * Kubernetes' watch: one JSON object a line. A failure after the beginning is an event of type ERROR, since the head
 * with its 200 is already on the way; what is wrong with the request itself is said before. The client's speed is the watch's: nothing is queued for it here.
 */
export function watchCollection(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
  environment: { readonly clock: Clock; readonly random: Random },
): StreamReply {
  const { clock, random } = environment;
  const { query } = request;
  const seconds = wholeNumber(query, 'timeoutSeconds');
  const lifeMs = seconds ? seconds * 1000 : MIN_WATCH_MS * (1 + random());
  matcherOf(path.kind, selectionOf(request, path));
  wholeNumber(query, 'resourceVersion');
  const encode = encoderOf(request, path, clock);
  const bookmarks = flag(query, 'allowWatchBookmarks');
  const options = {
    ...selectionOf(request, path),
    resourceVersion: text(query, 'resourceVersion'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
    ...(bookmarks && { bookmarkMs: BOOKMARK_MS }),
  };
  return {
    async stream(response) {
      const life = new AbortController();
      const timer = clock.after(lifeMs, () => life.abort());
      const signal = AbortSignal.any([request.signal, life.signal]);
      response.writeHead(200, { 'content-type': JSON_TYPE, 'cache-control': 'no-cache, private' });
      response.flushHeaders();
      try {
        for await (const event of registry.watch(path.kind, { ...options, signal })) {
          if (!response.write(encode(event))) await drained(response, signal);
          if (signal.aborted) break;
        }
      } catch (error) {
        const { status } = asApiError(error);
        response.write(`${JSON.stringify({ type: 'ERROR', object: { metadata: {}, ...status } })}\n`);
      } finally {
        timer.cancel();
        response.end();
      }
    },
  };
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal }).catch(() => {});
}

function encoderOf(request: ApiRequest, path: ResourcePath, clock: Clock): Encode {
  const object = wantsTable(request.headers.accept) ? tableRows(request, path, clock) : undefined;
  return (event) => {
    if (event.type === 'BOOKMARK') return bookmark(path, event.revision, event.initialEventsEnd === true);
    const body = object?.(event.version) ?? event.version.text(path.apiVersion);
    return `{"type":"${event.type}","object":${body}}\n`;
  };
}

/** Each event is a Table of one row. */
function tableRows(request: ApiRequest, path: ResourcePath, clock: Clock) {
  const view = tableView(request, path, 0);
  return (version: ObjectVersion): string => {
    const { resourceVersion } = version.object.metadata;
    return JSON.stringify(tableOf({ ...view, nowMs: clock.wallMs() }, [version], { resourceVersion }));
  };
}

function bookmark({ kind, apiVersion }: ResourcePath, revision: number, initialEventsEnd: boolean): string {
  const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
  const object = { kind: kind.kind, apiVersion, metadata };
  return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
}
