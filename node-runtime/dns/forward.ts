import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { readFrames } from './tcp-frames.ts';

/** How long one upstream server may take. */
const TIMEOUT_MS = 2_000;
/** Questions that may wait for an answer at a time: all together, and of one pod, so that none keeps the others out. */
const MAX_IN_FLIGHT = 512;
const MAX_PER_CLIENT = 64;

export type Transport = 'udp' | 'tcp';

/**
 * Hands questions on to the host's name servers, one after the other until one answers. Every question gets an id and
 * a source port of its own, so that an answer cannot be forged by somebody who does not see the question. An answer
 * that does not fit (TC) goes back as it is: the client asks again over TCP, and so do we then.
 */
export class Forwarder {
  readonly #servers: () => readonly string[];
  readonly #port: number;
  #inFlight = 0;
  readonly #perClient = new Map<string, number>();

  constructor(servers: () => readonly string[], port = 53) {
    this.#servers = servers;
    this.#port = port;
  }

  /** The answer's bytes with the question's id, or undefined when nobody answered or too many questions wait. */
  async ask(query: Buffer, transport: Transport, client: string): Promise<Buffer | undefined> {
    const ofClient = this.#perClient.get(client) ?? 0;
    if (this.#inFlight >= MAX_IN_FLIGHT || ofClient >= MAX_PER_CLIENT) return undefined;
    this.#count(client, 1);
    try {
      for (const server of this.#servers()) {
        const answer = await this.#askOne(query, server, transport).catch(() => undefined);
        if (answer !== undefined) return answer;
      }
      return undefined;
    } finally {
      this.#count(client, -1);
    }
  }

  #count(client: string, change: 1 | -1): void {
    this.#inFlight += change;
    const ofClient = (this.#perClient.get(client) ?? 0) + change;
    if (ofClient === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, ofClient);
  }

  async #askOne(query: Buffer, server: string, transport: Transport): Promise<Buffer> {
    const id = randomInt(0x10000);
    const question = withId(query, id);
    const exchange = transport === 'udp' ? askUdp : askTcp;
    const answer = await exchange(question, server, this.#port);
    return withId(answer, query.readUInt16BE(0));
  }
}

function withId(packet: Buffer, id: number): Buffer {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** A reply to this very question: same id, and the question section repeated. */
function answers(reply: Buffer, question: Buffer): boolean {
  if (reply.length < 12 || reply.readUInt16BE(0) !== question.readUInt16BE(0)) return false;
  if ((reply.readUInt16BE(2) & 0x8000) === 0) return false;
  if (reply.readUInt16BE(4) === 0) return true;
  const end = questionEnd(question);
  const asked = question.subarray(12, end).toString('latin1').toLowerCase();
  return reply.subarray(12, end).toString('latin1').toLowerCase() === asked;
}

function questionEnd(packet: Buffer): number {
  let at = 12;
  while (at < packet.length && packet[at] !== 0) at += (packet[at] ?? 0) + 1;
  return Math.min(packet.length, at + 5);
}

function askUdp(question: Buffer, server: string, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4');
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Error('no answer'))), TIMEOUT_MS);
    socket.on('error', (error) => finish(() => reject(error)));
    socket.on('message', (reply) => {
      if (answers(reply, question)) finish(() => resolve(reply));
    });
    socket.connect(port, server, () => socket.send(question));
  });
}

function askTcp(question: Buffer, server: string, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server, port });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error('no answer')));
    socket.on('error', fail);
    socket.on('close', () => reject(new Error('closed before the answer')));
    readFrames(socket, (reply) => {
      if (answers(reply, question)) resolve(reply);
      socket.destroy();
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
  });
}
