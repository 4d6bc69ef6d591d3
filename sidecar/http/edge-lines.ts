/**
 * Where requests enter the mesh, what they say of their way here is completed by what this proxy knows itself (Envoy's
 * use_remote_address): the client's address is appended to x-forwarded-for, and x-forwarded-proto is how the client came.
 */
import type { RequestView } from '#sidecar/routing/request-view.ts';
import type { Head } from './head.ts';
import { type MessageEdits, makeEdits } from './message-edits.ts';
import { equalsToken, octets } from './octets.ts';
import type { RequestChanges } from './request-changes.ts';

/** Lines of which a client's own word does not count: whoever reads them trusts this proxy. */
const OURS = ['x-envoy-external-address', 'x-envoy-internal', 'x-envoy-peer-metadata'];

const REQUEST_ID = octets('x-request-id');

/**
 * A client's own x-request-id does not come in, so that nobody outside chooses by what the mesh tells its requests apart; it
 * gets a new one (Envoy, unless preserve_external_request_id is set).
 */
export function cutRequestId(bytes: Buffer, head: Head): void {
  for (let line = 0; line < head.lines; line++) {
    if (equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, REQUEST_ID)) head.cut[line] = 1;
  }
}

/** What a route changes, and these lines before it. `source` is the client's address. */
export function changesAtEdge(
  changes: RequestChanges | undefined,
  request: RequestView,
  source: string,
): RequestChanges {
  const before = request.header('x-forwarded-for');
  const address = source.startsWith('::ffff:') ? source.slice(7) : source;
  const lines = makeEdits({
    remove: OURS,
    set: [
      {
        name: 'x-forwarded-for',
        value: before === undefined || before === '' ? address : `${before},${address}`,
      },
      { name: 'x-forwarded-proto', value: request.scheme },
    ],
    add: [],
  });
  const edits: MessageEdits = changes?.edits === undefined ? lines : lines.followedBy(changes.edits);
  return { path: changes?.path, authority: changes?.authority, edits };
}
