/**
 * kubectl's three-way merge as a JSON merge patch (RFC 7396), pure: what the last applied manifest had and the new one
 * lacks is removed, what the new one says is set, everything else stays as others left it. Lists are replaced as a
 * whole, as merge patches do.
 */
type Json = unknown;
type Members = Readonly<Record<string, Json>>;

/** Where kubectl keeps the manifest that was applied last; the same name, so that both can be used in turns. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface ThreeWay {
  /** The manifest that was applied last, if one was. */
  readonly last: Json;
  /** The manifest as written. */
  readonly wanted: Json;
  /** The same with defaults filled in: lists are compared with these, because the server fills them in too. */
  readonly defaulted: Json;
  readonly live: Json;
}

/** The patch, or undefined when nothing has to change. */
export function mergePatch({ last, wanted, defaulted, live }: ThreeWay): Json | undefined {
  if (!isMembers(wanted)) return equal(defaulted, live) || equal(wanted, live) ? undefined : wanted;
  const known = members(live);
  const patch: Record<string, Json> = {};
  for (const key of Object.keys(members(last))) {
    if (!(key in wanted) && key in known) patch[key] = null;
  }
  for (const [key, value] of Object.entries(wanted)) {
    const change = memberPatch(members(last)[key], value, members(defaulted)[key], known[key]);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function memberPatch(last: Json, wanted: Json, defaulted: Json, live: Json): Json | undefined {
  if (wanted === null) return live === undefined ? undefined : null;
  if (isMembers(wanted) && !isMembers(live)) return wanted;
  return mergePatch({ last, wanted, defaulted: defaulted ?? wanted, live });
}

function isMembers(value: Json): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function members(value: Json): Members {
  return isMembers(value) ? value : {};
}

/** Deep equality of JSON values; members that are undefined count as absent. */
function equal(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (!isMembers(a) || !isMembers(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => equal(a[key], b[key]));
}
