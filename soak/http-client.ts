/** One connection of a client: sends requests, whole or in part, and accounts for each of them, whatever ends the connection. */
import { connect, type Socket } from 'node:net';
import type { Accounts, RequestRecord } from './accounts.ts';
import { sourceFor } from './destinations.ts';
import { type ResponseHead, ResponseReader } from './response-reader.ts';

/** What is asked for. */
export interface Asked {
  /** The service whose account it is on. */
  readonly account: string;
  readonly method: string;
  /** Its bytes; the head ends at `headBytes`. */
  readonly bytes: Buffer;
  readonly headBytes: number;
  /** Of `x-id` in the response, when the right application answered. */
  readonly id: string;
}

export interface World {
  readonly accounts: Accounts;
  readonly outboundPort: number;
  readonly inboundPort: number;
  /** Says that something went wrong that must never. */
  readonly violation: (what: string) => void;
}

interface Waiting extends Asked {
  readonly record: RequestRecord;
  bodyBytes: number;
  head: ResponseHead | undefined;
  readonly done: () => void;
}

/** The first line of a request and its identity, for people. */
function lineOf({ bytes, id }: Asked): string {
  return `"${bytes.toString('latin1', 0, bytes.indexOf(13))}" (${id})`;
}

/** Services that answer everybody in full. */
const WHOLE: ReadonlySet<string> = new Set(['steady', 'app', 'unknown']);

const BODILESS: ReadonlySet<number> = new Set([204, 304]);

export class HttpClient {
  readonly socket: Socket;
  /** Nothing comes any more. */
  over = false;
  /** Another protocol is spoken now; so many of its bytes have come. */
  switched = false;
  tunnelled = 0;
  /** The last response said that the connection closes. */
  closing = false;
  readonly #world: World;
  readonly #waiting: Waiting[] = [];
  readonly #reader: ResponseReader;
  readonly #closed: Promise<void>;
  #wake: () => void = () => {};
  #error = 'FIN';

  /** `destination` is the index of where it goes. */
  constructor(world: World, destination: number, direction: 'outbound' | 'inbound' = 'outbound') {
    this.#world = world;
    const port = direction === 'outbound' ? world.outboundPort : world.inboundPort;
    const localAddress = sourceFor(destination);
    this.socket = connect({ host: '127.0.0.1', port, localAddress, allowHalfOpen: true, noDelay: true });
    this.#reader = new ResponseReader(this.#events(), () => this.#waiting[0]?.method === 'HEAD');
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.socket.on('error', (error) => {
      this.#error = error.message;
    });
    this.socket.on('end', () => {
      this.#reader.end();
      this.#end('unanswered');
      this.socket.end();
    });
    this.#closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#end('unanswered');
        resolve();
      });
    });
  }

  /** Writes a whole request. Resolves when it is settled. */
  send(asked: Asked): Promise<void> {
    const settled = this.begin(asked);
    this.socket.write(asked.bytes);
    return settled;
  }

  /** A request that is written by somebody else, a piece at a time. */
  begin(asked: Asked): Promise<void> {
    const record = this.#world.accounts.open(asked.account);
    record.excused = this.closing;
    if (this.over) {
      this.#world.accounts.settle(record, 'unsent');
      return Promise.resolve();
    }
    return new Promise((done) => {
      this.#waiting.push({ ...asked, record, bodyBytes: 0, head: undefined, done });
    });
  }

  /** Goes away; `sent` is how much of the last request was written. */
  leave(how: 'end' | 'close' | 'reset', sent: number = Number.POSITIVE_INFINITY): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && sent < last.headBytes && last.head === undefined) this.#settle(last, 'unsent');
    if (how === 'end') {
      this.socket.end();
      return;
    }
    this.#end('left');
    if (how === 'close') this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** What waits is on the client from now on: it gives up when the connection ends. */
  impatient(): void {
    this.#gaveUp = true;
  }
  #gaveUp = false;

  /** The socket is gone. */
  closed(): Promise<void> {
    return this.#closed;
  }

  /** Bytes of the tunnel have come, or its end. */
  async tunnelBytes(atLeast: number): Promise<void> {
    while (this.tunnelled < atLeast && !this.over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#world.violation(`a client could not read a response: ${(error as Error).message}`);
      this.socket.destroy();
    }
  }

  #events() {
    return {
      onHead: (head: ResponseHead): void => {
        const first = this.#waiting[0];
        if (first === undefined) {
          this.#world.violation(`a response ${head.status} came that nobody asked for`);
          return;
        }
        first.head = head;
        first.record.status = head.status;
        this.closing = head.headers.get('connection')?.toLowerCase() === 'close';
        const id = head.headers.get('x-id');
        if (id !== undefined && id !== first.id)
          this.#world.violation(`the answer to ${id} came to ${first.id}`);
        if (head.status === 101) {
          this.switched = true;
          this.#settleFirst('answered');
        }
      },
      onBody: (bytes: Buffer): void => {
        const first = this.#waiting[0];
        if (first?.head === undefined) return;
        first.bodyBytes += bytes.length;
        const fill = first.head.headers.get('x-fill');
        if (fill !== undefined && (bytes[0] !== Number(fill) || bytes.at(-1) !== Number(fill)))
          this.#world.violation(`the answer to ${first.id} holds bytes of another one`);
      },
      onEnd: (): void => this.#answered(),
      onTunnel: (bytes: Buffer): void => {
        this.tunnelled += bytes.length;
        this.#wake();
      },
    };
  }

  #answered(): void {
    const first = this.#waiting[0];
    const size = first?.head?.headers.get('x-size');
    const hasBody = first?.method !== 'HEAD' && !BODILESS.has(first?.record.status ?? 0);
    if (size !== undefined && hasBody && first!.bodyBytes !== Number(size))
      this.#world.violation(
        `the answer to ${lineOf(first!)} counts as whole with ${first!.bodyBytes} of ${size} bytes`,
      );
    this.#settleFirst('answered');
    if (this.closing) for (const next of this.#waiting) next.record.excused = true;
  }

  #settleFirst(outcome: 'answered'): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    this.#world.accounts.settle(first.record, outcome);
    first.done();
  }

  #settle(waiting: Waiting, outcome: 'unsent'): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    this.#world.accounts.settle(waiting.record, outcome);
    waiting.done();
  }

  #end(why: 'unanswered' | 'left'): void {
    this.over = true;
    this.#wake();
    for (const waiting of this.#waiting.splice(0)) {
      const { record, head, done } = waiting;
      const left = why === 'left' || this.#gaveUp;
      const outcome = left ? 'left' : head === undefined ? 'unanswered' : 'cut';
      if (!left && !record.excused && WHOLE.has(record.account))
        this.#world.violation(
          `${lineOf(waiting)} to ${record.account} was ${outcome}: ${this.#error} after ${waiting.bodyBytes} bytes`,
        );
      this.#world.accounts.settle(record, outcome);
      done();
    }
  }
}
