import { WeftError } from '#api/foundation/errors.ts';

/** Throws a WeftError `NeedsRoot` that says what to type. */
export function needRoot(verb: string): void {
  if (process.getuid?.() === 0) return;
  throw new WeftError('NeedsRoot', `weft ${verb} makes namespaces, links and cgroups, so it needs root`, {
    remedy: `run: sudo ./weft ${verb}`,
  });
}
