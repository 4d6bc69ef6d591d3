import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AddonName } from './addon.ts';
import { ADDONS } from './addons.ts';
import type { AskedAddons } from './choose-addons.ts';

/** Adds `--with-NAME [port]` for every addon. */
export function addonFlags(command: Command): Command {
  for (const { flag, summary } of ADDONS) command.option(`${flag} [port]`, summary, port);
  return command;
}

/** Adds `--without-NAME` for every addon: it stops and is forgotten, what it has stored stays. */
export function withoutFlags(command: Command): Command {
  for (const { name, title } of ADDONS)
    command.addOption(
      new Option(`--without-${name}`, `stop ${title} and start it no more`).conflicts(optionOf(name)),
    );
  return command;
}

/** What the flags of these options asked for. Pure. */
export function askedAddons(options: Readonly<Record<string, unknown>>): AskedAddons {
  const asked = ADDONS.flatMap(({ name }): [AddonName, AskedAddons[AddonName]][] => {
    if (options[optionOf(name, 'without')] === true) return [[name, false]];
    const value = options[optionOf(name)];
    if (value === undefined) return [];
    return [[name, typeof value === 'number' ? { port: value } : {}]];
  });
  return Object.fromEntries(asked);
}

/** As commander names the value of `--with-NAME` and of `--without-NAME`. */
function optionOf(name: AddonName, word: 'with' | 'without' = 'with'): string {
  return `${word}${name[0]!.toUpperCase()}${name.slice(1)}`;
}

export function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65535) return value;
  throw new InvalidArgumentError('It is not a port (1..65535).');
}
