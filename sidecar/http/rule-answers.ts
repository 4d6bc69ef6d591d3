/** What rules answer in place of an upstream: redirects, direct responses and the answers of CORS. */
import type { RequestView } from '#sidecar/routing/request-view.ts';
import type { CorsPolicy, DirectDecision, RedirectDecision } from '#sidecar/routing/route-table.ts';
import { MAX_TARGET_BYTES } from './limits.ts';
import type { LocalResponse } from './local-reply.ts';
import { MessageEdits, makeEdits } from './message-edits.ts';
import { TARGET } from './octets.ts';

const NO_BODY = new Uint8Array(0);

/** Undefined: the rule makes a location that may not stand in a head. */
export function redirectTo(decision: RedirectDecision, request: RequestView): LocalResponse | undefined {
  const location = decision.location(request, request.scheme === 'https');
  if (!isLocation(location)) return undefined;
  return { status: decision.status, lines: [['location', location]], body: NO_BODY };
}

/** A path or an absolute URI: no white space, no control characters, nothing beyond octets. */
function isLocation(text: string): boolean {
  if (text === '' || text.length > 2 * MAX_TARGET_BYTES) return false;
  for (let i = 0; i < text.length; i++) if (TARGET[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/** A body is plain text unless the rule's edits say what it is. */
export function directAnswer({ status, body }: DirectDecision): LocalResponse {
  return { status, lines: body.length === 0 ? [] : [['content-type', 'text/plain']], body };
}

/** What CORS makes of a request: an answer of its own, and lines for whatever response it gets. */
export interface CorsVerdict {
  readonly preflight: LocalResponse | undefined;
  readonly edits: MessageEdits | undefined;
}

const UNTOUCHED: CorsVerdict = { preflight: undefined, edits: undefined };

/** As Envoy's cors filter: its lines replace those of the app; the origin is named, never `*`. */
export function judgeCors(cors: CorsPolicy, request: RequestView): CorsVerdict {
  const origin = request.header('origin');
  if (origin === undefined || origin === '') return UNTOUCHED;
  const asked = request.method === 'OPTIONS' ? request.header('access-control-request-method') : undefined;
  const isPreflight = asked !== undefined && asked !== '';
  if (!cors.allowsOrigin(origin)) {
    const answered = isPreflight && !cors.forwardUnmatchedPreflights;
    return answered ? { preflight: { status: 200, lines: [], body: NO_BODY }, edits: undefined } : UNTOUCHED;
  }
  if (isPreflight) return { preflight: preflightAnswer(cors, origin), edits: undefined };
  return { preflight: undefined, edits: corsEdits(cors, origin) };
}

function preflightAnswer(cors: CorsPolicy, origin: string): LocalResponse {
  const lines: [string, string][] = [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', cors.allowCredentials ? 'true' : ''],
    ['access-control-allow-methods', cors.allowMethods],
    ['access-control-allow-headers', cors.allowHeaders],
    ['access-control-max-age', cors.maxAge],
  ];
  return { status: 200, lines: lines.filter(([, value]) => value !== ''), body: NO_BODY };
}

function corsEdits(cors: CorsPolicy, origin: string): MessageEdits {
  const allowOrigin = {
    name: 'access-control-allow-origin',
    bytes: Buffer.from(`access-control-allow-origin: ${origin}\r\n`, 'latin1'),
  };
  const rest = makeEdits({
    remove: ['access-control-allow-origin'],
    set: [
      ...(cors.allowCredentials ? [{ name: 'access-control-allow-credentials', value: 'true' }] : []),
      ...(cors.exposeHeaders === ''
        ? []
        : [{ name: 'access-control-expose-headers', value: cors.exposeHeaders }]),
    ],
    add: [],
  });
  return new MessageEdits(rest.cuts, [allowOrigin, ...rest.lines]);
}
