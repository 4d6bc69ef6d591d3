/** Which mirrors a request gets, and the request as they see it. */
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import { putDeadline } from './deadline-line.ts';
import type { OutgoingRequest } from './downstream.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import { roomyHead } from './head.ts';
import { type MirrorCounts, MirrorExchange } from './mirror.ts';
import { octets, put, putAll } from './octets.ts';
import { scanRequest } from './scan-request.ts';

const COLON = ':';
const HOST = octets('host: ');
const CRLF = octets('\r\n');
const SHADOW = '-shadow';

const head = roomyHead();

/**
 * Starts the mirrors that `decision` wants of a composed request; `complete` says that no body bytes follow. A request
 * that may become another protocol has none: a copy of a conversation cannot be kept up.
 */
export function startMirrors(
  decision: ForwardDecision,
  request: OutgoingRequest,
  complete: boolean,
  settings: ExchangeSettings,
  counts: MirrorCounts,
): MirrorExchange[] {
  const started: MirrorExchange[] = [];
  if (request.upgrade) return started;
  const nowMs = settings.clock.nowMs();
  if (request.deadlineAt > 0) putDeadline(request.bytes, request.deadlineAt, request.budget!.toldMs(nowMs));
  for (const { cluster, share } of decision.mirrors ?? []) {
    if (settings.random() * 1_000_000 >= share) continue;
    const target = cluster();
    const bytes = target === undefined ? undefined : shadowOf(request.bytes);
    if (target === undefined || bytes === undefined) continue;
    const { headOnly, repeatable, original, trace, traceAt } = request;
    // The lines of the trace stand behind the host's, which is the longer one here.
    if (traceAt > 0) trace?.stampCopy(bytes, traceAt + bytes.length - request.bytes.length);
    const { timeoutMs } = decision;
    const copy = { bytes, headOnly, repeatable, complete, original, timeoutMs };
    started.push(new MirrorExchange(target, copy, settings, counts));
  }
  return started;
}

/** The same request for a host that is named `-shadow`, as Envoy names it. */
export function shadowOf(bytes: Buffer): Buffer | undefined {
  const { length } = bytes;
  const end = scanRequest(bytes, 0, length, head);
  if (end <= 0 || head.host < 0) return undefined;
  const authority = shadowAuthority(bytes.toString('latin1', head.authorityStart, head.authorityEnd));
  const lineStart = head.nameStart[head.host]!;
  const lineEnd = head.lineEnd[head.host]!;
  const out = Buffer.allocUnsafe(length + HOST.length + SHADOW.length + CRLF.length);
  let p = put(out, 0, bytes, 0, lineStart);
  p = putAll(out, p, HOST);
  p += out.write(authority, p, 'latin1');
  p = put(out, putAll(out, p, CRLF), bytes, lineEnd, length);
  return out.subarray(0, p);
}

/** `HOST-shadow`, in front of a port if there is one. */
export function shadowAuthority(authority: string): string {
  const colon = authority.lastIndexOf(COLON);
  const hasPort = colon >= 0 && authority.indexOf(']', colon) < 0;
  return hasPort ? `${authority.slice(0, colon)}${SHADOW}${authority.slice(colon)}` : `${authority}${SHADOW}`;
}
