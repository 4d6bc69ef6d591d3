/**
 * The formats of access logs: text with command operators between percent signs, in Envoy's grammar. Control plane and
 * sidecars read them here alike, so that what a sidecar would refuse is refused where it is written.
 */
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { DURATION_POINTS, DURATION_UNITS, operatorArgument } from './log-operators.ts';
import { timeFormatProblem } from './time-format.ts';

/** Text as it stands, or what takes its place. */
export type FormatPiece = string | Command;

export interface Command {
  readonly operator: string;
  /** What stands in parentheses; undefined without these. */
  readonly argument: string | undefined;
  /** Characters that its value may have; undefined is any number. */
  readonly maxLength: number | undefined;
}

/** The values of a JSON line: formats, constants or more of the same. */
export interface JsonLogFormat {
  readonly [name: string]: string | number | boolean | JsonLogFormat;
}

const MAX_CHARS = 8192;
/** Operators of one line; bounds what a line may grow to. */
const MAX_COMMANDS = 100;
const MAX_DEPTH = 10;

const COMMAND = /%(?:%|([A-Z][A-Z0-9_]*)(?:\(([^)]*)\))?(?::(\d{1,9}))?%)/y;

/** Throws WeftError `LogFormatInvalid`, which names what is wrong. */
export function parseLogFormat(text: string): FormatPiece[] {
  if (text.length > MAX_CHARS) throw invalid(`a format has at most ${MAX_CHARS} characters`);
  const pieces: FormatPiece[] = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('%', at);
    plain += text.slice(at, next < 0 ? text.length : next);
    if (next < 0) break;
    COMMAND.lastIndex = next;
    const found = COMMAND.exec(text);
    if (found === null) throw invalid(`no command operator: ${text.slice(next, next + 40)}`);
    at = next + found[0].length;
    if (found[1] === undefined) {
      plain += '%';
      continue;
    }
    if (plain !== '') pieces.push(plain);
    plain = '';
    pieces.push(commandOf(found[0], found[1], found[2], found[3]));
  }
  if (plain !== '') pieces.push(plain);
  if (pieces.filter(isCommand).length > MAX_COMMANDS)
    throw invalid(`a format has at most ${MAX_COMMANDS} command operators`);
  return pieces;
}

export function isCommand(piece: FormatPiece): piece is Command {
  return typeof piece !== 'string';
}

/** The text that is read as these pieces. */
export function formatText(pieces: readonly FormatPiece[]): string {
  return pieces
    .map((piece) => (isCommand(piece) ? commandText(piece) : piece.replaceAll('%', '%%')))
    .join('');
}

function commandText({ operator, argument = '', maxLength }: Command): string {
  const length = maxLength === undefined ? '' : `:${maxLength}`;
  return `%${operator}${argument === '' ? '' : `(${argument})`}${length}%`;
}

/** What is wrong with a format of either kind, as one sentence; undefined when sidecars can write it. */
export function logFormatProblem(format: { text: string } | { json: JsonLogFormat }): string | undefined {
  try {
    if ('text' in format) parseLogFormat(format.text);
    else checkJson(format.json, { commands: 0 }, 0);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function checkJson(format: JsonLogFormat, sum: { commands: number }, depth: number): void {
  if (depth > MAX_DEPTH) throw invalid('it is nested too deeply');
  for (const [name, value] of Object.entries(format)) {
    if (typeof value === 'string') sum.commands += parseLogFormat(value).filter(isCommand).length;
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      checkJson(value, sum, depth + 1);
    else if (typeof value !== 'number' && typeof value !== 'boolean')
      throw invalid(`${name} must be a text, a number, a bool or an object`);
  }
  if (sum.commands > MAX_COMMANDS) throw invalid(`a format has at most ${MAX_COMMANDS} command operators`);
}

function commandOf(whole: string, operator: string, argument?: string, length?: string): Command {
  const takes = operatorArgument(operator);
  if (takes === undefined) throw invalid(`%${operator}% is not supported`);
  const maxLength = length === undefined ? undefined : Number(length);
  if (maxLength !== undefined && takes !== 'headers')
    throw invalid(`${whole}: only the value of a header can be cut`);
  if (maxLength === 0) throw invalid(`${whole}: the length must be at least 1`);
  const problem = argumentProblem(takes, argument);
  if (problem !== undefined) throw invalid(`${whole}: ${problem}`);
  return { operator, argument, maxLength };
}

function argumentProblem(
  takes: ReturnType<typeof operatorArgument>,
  argument: string | undefined,
): string | undefined {
  switch (takes) {
    case 'headers':
      return isHeaders(argument ?? '') ? undefined : 'takes the name of a header, or two with ? between them';
    case 'time':
      return argument === undefined ? undefined : timeFormatProblem(argument);
    case 'duration':
      return durationProblem(argument ?? '');
    default:
      return argument === undefined || argument === '' ? undefined : 'takes nothing in parentheses';
  }
}

function isHeaders(argument: string): boolean {
  const names = argument.split('?');
  return names.length <= 2 && names.every(isHeaderName);
}

function isHeaderName(name: string): boolean {
  return /^:?[A-Za-z0-9!#$&'*+.^_`|~-]+$/.test(name);
}

function durationProblem(argument: string): string | undefined {
  const [from = '', to = '', unit = '', ...rest] = argument.split(':');
  const known = DURATION_POINTS.includes(from) && DURATION_POINTS.includes(to);
  if (known && Object.hasOwn(DURATION_UNITS, unit) && rest.length === 0) return undefined;
  return `takes FROM:TO:UNIT of ${DURATION_POINTS.join(', ')} and ${Object.keys(DURATION_UNITS).join(', ')}`;
}

function invalid(why: string): WeftError {
  return new WeftError('LogFormatInvalid', why);
}

/** Istio's text format. */
export const DEFAULT_TEXT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

/** Istio's labels, and after them what says more of a failure and of the trace. */
export const DEFAULT_JSON_FORMAT: JsonLogFormat = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  upstream_request_attempt_count: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  trace_id: '%TRACE_ID%',
  reason: '%WEFT_REASON%',
};
