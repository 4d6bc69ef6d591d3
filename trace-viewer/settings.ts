import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Address } from './model/address.ts';

export interface Settings {
  readonly pages: Address;
  readonly grpc: Address;
  readonly http: Address;
  /** Whom to become once everything is read; undefined to stay. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

const USAGE =
  'main.ts --pages ADDRESS:PORT --grpc ADDRESS:PORT --http ADDRESS:PORT [--user UID:GID] [--mesh PATH]';

/** Throws a WeftError `Usage`. `--mesh` is only there for the command line to say whose this process is. */
export function readSettings(argv: readonly string[]): Settings {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        pages: { type: 'string' },
        grpc: { type: 'string' },
        http: { type: 'string' },
        user: { type: 'string' },
        mesh: { type: 'string' },
      },
    });
    return {
      pages: addressOf('--pages', values.pages),
      grpc: addressOf('--grpc', values.grpc),
      http: addressOf('--http', values.http),
      user: userOf(values.user),
    };
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    throw new WeftError('Usage', messageOf(cause), { remedy: `usage: ${USAGE}` });
  }
}

function addressOf(flag: string, text: string | undefined): Address {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text ?? '') ?? [];
  if (isIP(host) !== 0 && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new WeftError('Usage', `${flag} needs an address and a port, as 127.0.0.1:16686`, {
    remedy: `usage: ${USAGE}`,
  });
}

function userOf(text: string | undefined): Settings['user'] {
  if (text === undefined) return undefined;
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  throw new WeftError('Usage', '--user needs UID:GID, and not root’s', { remedy: `usage: ${USAGE}` });
}
