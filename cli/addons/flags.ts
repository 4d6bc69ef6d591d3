import { type Command, InvalidArgumentError } from 'commander';
import type { AddonName } from './addon.ts';
import { ADDONS } from './addons.ts';
import type { AskedAddons } from './choose-addons.ts';

/** Adds `--with-NAME [port]` for every addon. */
export function addonFlags(command: Command): Command {
  for (const { flag, summary } of ADDONS) command.option(`${flag} [port]`, summary, port);
  return command;
}

/** What the flags of these options asked for. Pure. */
export function askedAddons(options: Readonly<Record<string, unknown>>): AskedAddons {
  const asked: [AddonName, { port?: number }][] = ADDONS.flatMap(({ name }) => {
    const value = options[optionOf(name)];
    if (value === undefined) return [];
    return [[name, typeof value === 'number' ? { port: value } : {}]];
  });
  return Object.fromEntries(asked);
}

/** As commander names the value of `--with-NAME`. */
function optionOf(name: AddonName): string {
  return `with${name[0]!.toUpperCase()}${name.slice(1)}`;
}

export function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65535) return value;
  throw new InvalidArgumentError('It is not a port (1..65535).');
}
