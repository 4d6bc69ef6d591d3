/**
 * The parser of Node, llhttp, as a second opinion on the same bytes. It is the WebAssembly build that undici carries: a
 * dependency already, kept current by the people who keep Node's, pinned by the lock file, and called without a socket,
 * which makes it a hundred times faster to ask than a server of `node:http`. Its leniency flags are left alone: strict.
 */
import { createRequire } from 'node:module';
import type { Side, Standing } from './message-reader.ts';

export interface LlhttpMessage {
  readonly start: string;
  readonly minor: number;
  content: string;
  complete: boolean;
}

export interface LlhttpReading {
  readonly messages: readonly LlhttpMessage[];
  readonly standing: Standing;
  /** Its name for what it refused, with its reason; empty otherwise. */
  readonly error: string;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(bytes: number): number;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, at: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_resume_after_upgrade(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_errno_name(errno: number): number;
  llhttp_method_name(method: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
}

const REQUEST = 1;
const RESPONSE = 2;
const OK = 0;
const CLOSED = 5;
const PAUSED = 21;
const PAUSED_UPGRADE = 22;
/** What a callback returns for a response that ends with its head. */
const SKIP_BODY = 1;
const MAX_BYTES: number = 512 * 1024;

/** The reading that is under way: the module has no memory of its callers. */
let present: Conversation;

/** As much of WebAssembly as is needed: the types of servers say nothing of it. */
interface Engine {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: Engine };

const code: Uint8Array = createRequire(import.meta.url)('undici/lib/llhttp/llhttp-wasm.js');
const { exports } = new engine.Instance(new engine.Module(code), {
  env: {
    wasm_on_message_begin: () => present.begin(),
    wasm_on_url: (_: number, at: number, length: number) => present.url(at, length),
    wasm_on_status: () => OK,
    wasm_on_header_field: () => OK,
    wasm_on_header_value: () => OK,
    wasm_on_headers_complete: (_: number, status: number) => present.head(status),
    wasm_on_body: (_: number, at: number, length: number) => present.body(at, length),
    wasm_on_message_complete: () => present.complete(),
  },
});
const wasm = exports as Exports;
wasm._initialize();
const input = wasm.malloc(MAX_BYTES);

class Conversation {
  readonly messages: LlhttpMessage[] = [];
  standing: Standing = 'between';
  readonly #side: Side;
  readonly #parser: number;
  #url = '';

  constructor(side: Side, parser: number) {
    this.#side = side;
    this.#parser = parser;
  }

  begin(): number {
    this.standing = 'in-head';
    this.#url = '';
    return OK;
  }

  url(at: number, length: number): number {
    this.#url += text(at, length);
    return OK;
  }

  head(status: number): number {
    const method = (): string => word(wasm.llhttp_method_name(wasm.llhttp_get_method(this.#parser)));
    this.messages.push({
      start: this.#side === 'request' ? `${method()} ${this.#url}` : String(status),
      minor: wasm.llhttp_get_http_minor(this.#parser),
      content: '',
      complete: false,
    });
    this.standing = 'in-body';
    return this.#side === 'response to HEAD' ? SKIP_BODY : OK;
  }

  body(at: number, length: number): number {
    this.messages.at(-1)!.content += text(at, length);
    return OK;
  }

  /** A final response is the only one that is asked for. */
  complete(): number {
    const message = this.messages.at(-1)!;
    message.complete = true;
    this.standing = 'between';
    return this.#side === 'request' || message.start.startsWith('1') ? OK : PAUSED;
  }
}

/** Reads `bytes`, and then the end of the connection. An upgrade is taken for one that is turned down. */
export function readWithLlhttp(side: Side, bytes: Buffer): LlhttpReading {
  const parser = wasm.llhttp_alloc(side === 'request' ? REQUEST : RESPONSE);
  present = new Conversation(side, parser);
  new Uint8Array(wasm.memory.buffer).set(bytes, input);
  const end = input + bytes.length;
  let at = input;
  let outcome = wasm.llhttp_execute(parser, at, end - at);
  while (outcome === PAUSED_UPGRADE && side === 'request') {
    at = wasm.llhttp_get_error_pos(parser);
    wasm.llhttp_resume_after_upgrade(parser);
    outcome = wasm.llhttp_execute(parser, at, end - at);
  }
  const open = outcome === OK && present.standing === 'in-body' && side !== 'request';
  if (open && wasm.llhttp_finish(parser) === PAUSED) outcome = PAUSED;
  const reading = readingAfter(outcome, parser);
  wasm.llhttp_free(parser);
  return reading;
}

function readingAfter(outcome: number, parser: number): LlhttpReading {
  const { messages, standing } = present;
  if (outcome === OK) return { messages, standing, error: '' };
  if (outcome === PAUSED || outcome === PAUSED_UPGRADE || outcome === CLOSED) {
    return { messages, standing: 'over', error: '' };
  }
  const reason = word(wasm.llhttp_get_error_reason(parser));
  return { messages, standing: 'refused', error: `${word(wasm.llhttp_errno_name(outcome))}: ${reason}` };
}

function text(at: number, length: number): string {
  return Buffer.from(wasm.memory.buffer, at, length).toString('latin1');
}

/** The C string at `at`. */
function word(at: number): string {
  const bytes = new Uint8Array(wasm.memory.buffer, at);
  return text(at, bytes.indexOf(0));
}
