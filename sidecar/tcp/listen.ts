/**
 * Listens on an address that is a number. `server.listen({ host })` looks the host up first, and then asks of what was found
 * whether it is an IPv6 address, with a regular expression that V8 takes 9 ms to compile: a fifteenth of a start
 * (docs/decisions/015). A socket that was bound before needs neither.
 */
import { BoundSocket, type Server } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Node's own when absent. */
  readonly backlog?: number;
}

/** The server emits `listening`, or `error`, as after its own `listen`. */
export function listen(server: Server, address: ListenAddress): void {
  const bound = bind(address);
  if (bound === undefined) server.listen(address);
  else server.listen(bound, address.backlog);
}

/** Undefined when it cannot be bound: the server's own attempt says why in its own way. */
function bind({ host, port }: ListenAddress): BoundSocket | undefined {
  try {
    return new BoundSocket({ host, port });
  } catch {
    return undefined;
  }
}
