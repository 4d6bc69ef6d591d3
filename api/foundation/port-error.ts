import { codeOf, WeftError } from './errors.ts';

/** Why a port on 127.0.0.1 could not be opened, and what to do; `setting` is its name in mesh.json. */
export function portError(port: number, cause: unknown, setting: string): unknown {
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return new WeftError('PortInUse', `port ${port} on 127.0.0.1 is in use by another program`, {
        remedy: `stop that program (ss -ltnp 'sport = :${port}' shows it), or set another ${setting} in mesh.json`,
        cause,
      });
    case 'EACCES':
      return new WeftError('PortForbidden', `port ${port} on 127.0.0.1 may not be opened by this user`, {
        remedy: `run as root, or set a ${setting} above 1023 in mesh.json`,
        cause,
      });
    default:
      return cause;
  }
}
