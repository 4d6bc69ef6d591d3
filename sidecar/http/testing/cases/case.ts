/** The form of a row in the tables of cases: bytes, what they must be taken for, and why. */
import { Fault } from '../../fault.ts';
import type { Standing } from '../message-reader.ts';

export interface Verdict {
  /**
   * `METHOD TARGET CONTENT` or `STATUS CONTENT`: the complete messages, and one whose body still comes. Of what was refused
   * none.
   */
  readonly messages: readonly string[];
  readonly standing: Standing;
  readonly fault: number;
}

/** What it shows; the bytes (latin1); the verdict; what says so. */
export type Case = readonly [why: string, bytes: string, verdict: Verdict, source: string];

/** Whole messages, with the connection open for the next. */
export function takes(...messages: string[]): Verdict {
  return { messages, standing: 'between', fault: 0 };
}

/** Whole messages, the last of which ends the connection: what follows is not read. */
export function ends(...messages: string[]): Verdict {
  return { messages, standing: 'over', fault: 0 };
}

/** Messages of which the last one lacks its end. */
export function waits(where: 'in-head' | 'in-body', ...messages: string[]): Verdict {
  return { messages, standing: where, fault: 0 };
}

/** Refused for `fault`, after these messages. */
export function refuses(fault: keyof typeof Fault, ...messages: string[]): Verdict {
  return { messages, standing: 'refused', fault: Fault[fault] };
}

/** A request with a Host and these lines; `lines` end with CRLF each. */
export function post(lines: string, body = ''): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n${body}`;
}

/** A GET of `target` with a Host. */
export function get(target: string, lines = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
}

/** A chunked request with this body. */
export function chunked(body: string): string {
  return post('Transfer-Encoding: chunked\r\n', body);
}

/** A 200 with these lines. */
export function ok(lines: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\n${lines}\r\n${body}`;
}
