/**
 * TLS that ends at this sidecar. Handshakes are those of a `tls.Server` that listens nowhere: connections that were
 * accepted, captured or inspected elsewhere are handed to it, which Node offers for exactly that.
 */
import type { Socket } from 'node:net';
import { createServer, rootCertificates, type Server, type TLSSocket } from 'node:tls';
import { messageOf } from '#api/foundation/errors.ts';
import { isFor } from './subject-alt-names.ts';

export interface DownstreamTlsOptions {
  /** PEM. */
  readonly certificate: { readonly chain: string; readonly key: string };
  /** Clients must have a certificate of one of these authorities (PEM; undefined: the public ones) and one of these names. */
  readonly clients:
    | { readonly authorities: string | undefined; readonly subjectAltNames: readonly string[] }
    | undefined;
  readonly alpn: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: readonly string[];
}

/** Envoy's default for FilterChain.transport_socket_connect_timeout is none; its listener filters get 15 s. */
const HANDSHAKE_TIMEOUT_MS = 15_000;

/** Who waits for a handshake. */
interface Waiting {
  readonly secured: (socket: TLSSocket) => void;
  readonly failed: (reason: string) => void;
}

export class DownstreamTls {
  readonly #server: Server;
  readonly #names: readonly string[];
  /** By the four numbers of the connection: a secured socket does not tell which one it is around. */
  readonly #waiting = new Map<string, Waiting>();

  /** Throws when certificate, key or authorities cannot be used; the message holds none of them. */
  constructor({ certificate, clients, alpn, minVersion, maxVersion, ciphers }: DownstreamTlsOptions) {
    this.#names = clients?.subjectAltNames ?? [];
    this.#server = createServer({
      cert: certificate.chain,
      key: certificate.key,
      minVersion,
      maxVersion,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...(ciphers.length === 0 ? {} : { ciphers: ciphers.join(':') }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      ...(clients === undefined
        ? {}
        : {
            requestCert: true,
            rejectUnauthorized: true,
            ca: clients.authorities ?? [...rootCertificates],
          }),
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(socket, messageOf(error)));
  }

  /** Runs the handshake on a connection. One of the two comes once, unless the connection closes before. */
  accept(raw: Socket, secured: (socket: TLSSocket) => void, failed: (reason: string) => void): void {
    const key = keyOf(raw);
    this.#waiting.set(key, { secured, failed });
    raw.once('close', () => this.#waiting.delete(key));
    this.#server.emit('connection', raw);
  }

  #secured(socket: TLSSocket): void {
    const waiting = this.#take(socket);
    if (waiting === undefined) socket.destroy();
    else if (this.#isWelcome(socket)) waiting.secured(socket);
    else {
      waiting.failed("none of the names in the client's certificate is allowed");
      socket.destroy();
    }
  }

  #failed(socket: TLSSocket, reason: string): void {
    this.#take(socket)?.failed(`the TLS handshake failed: ${reason}`);
    socket.destroy();
  }

  #isWelcome(socket: TLSSocket): boolean {
    if (this.#names.length === 0) return true;
    const certificate = socket.getPeerX509Certificate();
    return certificate !== undefined && this.#names.some((name) => isFor(certificate, name));
  }

  #take(socket: TLSSocket): Waiting | undefined {
    const key = keyOf(socket);
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting;
  }
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
