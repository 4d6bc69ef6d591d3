/** Of a NACK's message this much is kept: what the sidecar says at most. */
export const MAX_ERROR_LENGTH = 16_384;

export interface Refused {
  readonly reason: string;
  /** It is sure that this resource was refused. */
  readonly certain: boolean;
}

/**
 * Which of a response's resources a refusal speaks of. The sidecar gives a reason a line, each after the name of its
 * resource, and runs the others. Other proxies' words are their own: then every resource may be meant, as are those
 * that a message has no room for.
 */
export function refusedNames(names: readonly string[], error: string): Map<string, Refused> {
  const byName = linesByName(new Set(names), error);
  const reasons = new Map(
    [...byName].map(([name, lines]) => [name, { reason: lines.join('\n'), certain: true }]),
  );
  const complete = error.length < MAX_ERROR_LENGTH;
  if (reasons.size > 0 && complete) return reasons;
  const rest = { reason: error, certain: names.length === 1 };
  return new Map(names.map((name) => [name, reasons.get(name) ?? rest]));
}

function linesByName(names: ReadonlySet<string>, error: string): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of error.split('\n')) {
    const name = nameOf(line, names);
    if (name === undefined) {
      last?.push(line);
      continue;
    }
    last = byName.get(name) ?? [];
    last.push(line);
    byName.set(name, last);
  }
  return byName;
}

/** Names may have colons in them. */
function nameOf(line: string, names: ReadonlySet<string>): string | undefined {
  for (let end = line.indexOf(': '); end >= 0; end = line.indexOf(': ', end + 1)) {
    const name = line.slice(0, end);
    if (names.has(name)) return name;
  }
  return undefined;
}
