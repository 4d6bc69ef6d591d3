import type { AccessLogging } from '#api/kinds/telemetry.ts';
import { isForMode, type Mode } from './merge-tracing.ts';

export interface AccessLogChoice {
  readonly disabled: boolean;
  /** CEL; undefined: everything is written. */
  readonly filter: string | undefined;
}

/**
 * What each provider is to write, by its name in small letters (Istio's mergeLogs). An object that names providers replaces those that
 * are named above it; one that names none speaks of these. `levels`: the sections of each object, the widest first.
 * A filter without a provider beside it holds too, as Istio documents it (its merge loses it).
 */
export function mergeAccessLogs(
  levels: readonly (readonly AccessLogging[])[],
  mode: Mode,
  defaults: readonly string[],
): Map<string, AccessLogChoice> {
  const said = levels.filter((level) => level.length > 0);
  if (said.length === 0)
    return new Map(named(defaults).map((name) => [name, { disabled: false, filter: undefined }]));
  const wanted = new Set(providersInScope(said, mode, defaults));
  const choices = new Map<string, AccessLogChoice>();
  let inherited: readonly string[] = named(defaults);
  for (const section of said.flat()) {
    const own = namesOf(section);
    inherited = own.length > 0 ? own : inherited;
    if (!isForMode(section.match, mode)) continue;
    for (const name of inherited.filter((each) => wanted.has(each))) {
      const before = own.length > 0 ? undefined : choices.get(name)?.filter;
      choices.set(name, {
        disabled: section.disabled === true,
        filter: section.filter?.expression ?? before,
      });
    }
  }
  return choices;
}

function providersInScope(
  levels: readonly (readonly AccessLogging[])[],
  mode: Mode,
  defaults: readonly string[],
): readonly string[] {
  const namesAt = levels.map((level) =>
    level.filter(({ match }) => isForMode(match, mode)).flatMap((section) => namesOf(section)),
  );
  return namesAt.findLast((names) => names.length > 0) ?? named(defaults);
}

function namesOf({ providers = [] }: AccessLogging): string[] {
  return named(providers.map(({ name }) => name));
}

/** Names have no case (Istio): what is said of one in different letters is said of one provider. */
function named(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}
