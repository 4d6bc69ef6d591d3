import type { ListOptions } from '#api/client/client.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { Change } from '../../store/store.ts';
import { listObjects, matcherOf } from './list-objects.ts';
import type { DecodedChange, ObjectVersion } from './object-version.ts';
import type { RegistryContext } from './registry.ts';
import { asApiError, badRequest, expired } from './statuses.ts';
import { collectionPrefix } from './storage-key.ts';

export interface WatchQuery extends ListOptions {
  /** Absent, empty or `0`: begin with what exists, as `ADDED`. */
  readonly resourceVersion?: string | undefined;
  readonly signal: AbortSignal;
  /** Ask for bookmarks this often while nothing else happens, milliseconds. None when absent. */
  readonly bookmarkMs?: number | undefined;
  /** Begin with what exists and then a bookmark that says so (`sendInitialEvents`). */
  readonly sendInitialEvents?: boolean | undefined;
}

export type RegistryEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly version: ObjectVersion }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd?: true };

type Matcher = (object: ObjectVersion['object']) => boolean;

/** Events after a revision, in order, each once. Throws `Expired` when that is too old, and ends with the signal. */
export async function* watchObjects(
  context: RegistryContext,
  kind: AnyKind,
  query: WatchQuery,
): AsyncGenerator<RegistryEvent, void> {
  try {
    const matches = matcherOf(kind, query);
    let after = parseRevision(query.resourceVersion);
    if (after === 0 || query.sendInitialEvents) {
      const { signal: _, resourceVersion: __, ...selection } = query;
      const page = await listObjects(context, kind, selection);
      for (const version of page.items) yield { type: 'ADDED', version };
      after = Number(page.resourceVersion);
      if (query.sendInitialEvents) yield { type: 'BOOKMARK', revision: after, initialEventsEnd: true };
    }
    const present = await context.store.revision();
    if (after > present) throw expired(`too large resource version: ${after}, current: ${present}`);
    yield* liveEvents(context, kind, { ...query, after, matches });
  } catch (error) {
    throw asApiError(error);
  }
}

function parseRevision(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const revision = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(revision)) {
    throw badRequest(`resourceVersion "${text}" is not a number`);
  }
  return revision;
}

async function* liveEvents(
  context: RegistryContext,
  kind: AnyKind,
  query: WatchQuery & { readonly after: number; readonly matches: Matcher },
): AsyncGenerator<RegistryEvent, void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([query.signal, stop.signal]);
  const changes = context.store
    .watch(collectionPrefix(kind, query.namespace), query.after, signal)
    [Symbol.asyncIterator]();
  let next = changes.next();
  try {
    for (;;) {
      const step = await nextOrQuiet(context, next, query.bookmarkMs);
      if (step === 'quiet') {
        const revision = await quietRevision(context, next);
        if (revision !== undefined) yield { type: 'BOOKMARK', revision };
        continue;
      }
      if (step.done === true) return;
      const event = eventOf(context.versions.ofChange(step.value), step.value, query.matches);
      if (event !== undefined) yield event;
      next = changes.next();
    }
  } finally {
    stop.abort();
    next.catch(() => {});
  }
}

type Step = IteratorResult<Change, unknown>;

/** The next change, or `quiet` when none came for so long. */
async function nextOrQuiet(
  context: RegistryContext,
  next: Promise<Step>,
  quietMs: number | undefined,
): Promise<Step | 'quiet'> {
  if (quietMs === undefined) return next;
  const quiet = Promise.withResolvers<'quiet'>();
  const timer = context.clock.after(quietMs, () => quiet.resolve('quiet'));
  try {
    return await Promise.race([next, quiet.promise]);
  } finally {
    timer.cancel();
  }
}

/** The present revision when the watch has said everything up to it (see Store.revision), else undefined. */
async function quietRevision(context: RegistryContext, next: Promise<Step>): Promise<number | undefined> {
  const revision = await context.store.revision();
  const turn = new Promise<'quiet'>((resolve) => setImmediate(resolve, 'quiet'));
  return (await Promise.race([next, turn])) === 'quiet' ? revision : undefined;
}

/** An object that begins or ceases to match comes or goes, for this watch. */
function eventOf(decoded: DecodedChange, change: Change, matches: Matcher): RegistryEvent | undefined {
  if (change.type === 'delete') {
    return matches(decoded.now.object) ? { type: 'DELETED', version: decoded.now } : undefined;
  }
  const now = matches(decoded.now.object);
  if (change.created) return now ? { type: 'ADDED', version: decoded.now } : undefined;
  const old = decoded.before();
  const before = old !== undefined && matches(old.object);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', version: decoded.now };
  return before && old !== undefined ? { type: 'DELETED', version: old } : undefined;
}
