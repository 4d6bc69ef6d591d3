/** What a route changes of a request on its way up: where it asks to go (rewrite), and its header lines. */
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import { MAX_TARGET_BYTES } from './limits.ts';
import { editsOf, type MessageEdits } from './message-edits.ts';
import { TARGET } from './octets.ts';
import { isAuthority } from './scan-authority.ts';

export interface RequestChanges {
  /** The target to ask for; undefined: as it came. */
  readonly path: Buffer | undefined;
  /** The Host to name; undefined: as it came. */
  readonly authority: Buffer | undefined;
  readonly edits: MessageEdits | undefined;
}

/** A rewrite led to something that must not be sent: what is wrong with it, to stand behind "the rewrite of route …". */
export interface BadRewrite {
  readonly wrong: string;
}

/** What `decision` changes of a request for `path` (a getter: it is a string only when a rule asks for it). */
export function changesOf(
  decision: ForwardDecision,
  request: { readonly path: string },
): RequestChanges | BadRewrite | undefined {
  const { rewrite, requestEdits } = decision;
  if (rewrite === undefined && requestEdits === undefined) return undefined;
  const edits = requestEdits === undefined ? undefined : editsOf(requestEdits);
  if (rewrite === undefined) return { path: undefined, authority: undefined, edits };
  const path = rewrite.path === undefined ? undefined : rewritten(request.path, rewrite.path);
  if (path !== undefined) {
    const wrong = wrongWithTarget(path);
    if (wrong !== undefined) return { wrong };
  }
  if (rewrite.authority !== undefined && !namesHost(rewrite.authority)) {
    return { wrong: 'names a host that is none' };
  }
  return {
    path: path === undefined ? undefined : Buffer.from(path, 'latin1'),
    authority: rewrite.authority === undefined ? undefined : Buffer.from(rewrite.authority, 'latin1'),
    edits,
  };
}

/** Undefined when the rule leaves the path as it is. */
function rewritten(path: string, rewrite: (path: string) => string): string | undefined {
  const result = rewrite(path);
  return result === path ? undefined : result;
}

/** What keeps a rewritten path from being a request target: it would be read differently behind this proxy. */
export function wrongWithTarget(path: string): string | undefined {
  if (!path.startsWith('/')) return 'does not lead to a path that starts with /';
  if (path.length > MAX_TARGET_BYTES) return 'leads to a target above 30 KiB';
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code > 255 || TARGET[code] === 0) {
      return 'leads to a target with characters that may not stand in one';
    }
  }
  return undefined;
}

function namesHost(text: string): boolean {
  if (text === '' || text.length > 255) return false;
  return isAuthority(Buffer.from(text, 'utf8'), 0, Buffer.byteLength(text));
}
