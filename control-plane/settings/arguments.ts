import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { LogLevel } from '#api/foundation/logger.ts';

export interface Arguments {
  readonly dataDir: string;
  readonly logLevel: LogLevel;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** `--config DATA_DIR/mesh.json` or `--data-dir DATA_DIR`, and `--log-level LEVEL`. Throws a WeftError `Usage`. */
export function parseArguments(words: readonly string[]): Arguments {
  const values = parse(words);
  const logLevel = LEVELS.find((level) => level === (values['log-level'] ?? 'info'));
  if (logLevel === undefined) throw usage(`--log-level is one of ${LEVELS.join(', ')}`);
  const { config, 'data-dir': dataDir } = values;
  if ((config === undefined) === (dataDir === undefined)) throw usage('say either --config or --data-dir');
  if (dataDir !== undefined) return { dataDir: resolve(dataDir), logLevel };
  if (config === undefined || basename(config) !== 'mesh.json')
    throw usage('--config names a file mesh.json');
  return { dataDir: dirname(resolve(config)), logLevel };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        config: { type: 'string' },
        'data-dir': { type: 'string' },
        'log-level': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function usage(what: string): WeftError {
  return new WeftError('Usage', what, {
    remedy: 'usage: node control-plane/main.ts --config DATA_DIR/mesh.json [--log-level LEVEL]',
  });
}
