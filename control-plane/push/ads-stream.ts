import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Node } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { SHORT_NAMES } from '#api/xds/resource-types.ts';
import type { ConnectedProxies } from './connected-proxies.ts';
import type { Fleet } from './fleet.ts';
import { type Identity, identify, type Transport, viewFor } from './identity.ts';
import type { PushMetrics } from './metrics.ts';
import { ProxySession } from './proxy-session.ts';
import type { Answer, Push } from './session-state.ts';
import type { WireVariant } from './wire.ts';

export type AnySession = ProxySession<never>;

export interface StreamTools {
  readonly fleet: Fleet<AnySession>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PushMetrics;
  readonly connected: ConnectedProxies;
}

/** What every discovery request says beside its subscription. */
type Discovery = { readonly node?: Node | undefined };
type Typed = Answer & { readonly type: keyof typeof SHORT_NAMES };

const NO_IDENTITY = 'the first request names no node.id, or one that is not served here';

/** More streams than this one process does not serve well: the next control plane should. */
const MAX_STREAMS = 10_000;
/** Of one type on one stream. A sidecar subscribes to what its pod uses, or to everything by a wildcard. */
const MAX_SUBSCRIPTIONS = 100_000;

/** Serves one stream until the proxy or the server ends it. Only the first request must say who is asking. */
export function serveStream<Message extends Discovery, Request extends Typed, Response>(
  call: ServerDuplexStream<Message, Response>,
  variant: WireVariant<Message, Request, Response>,
  transport: Transport,
  tools: StreamTools,
): void {
  let session: ProxySession<Request> | undefined;
  let uncount = (): void => {};
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    if (session === undefined) return;
    leave(session, tools);
    uncount();
  };
  const refuse = (code: status, details: string): void => {
    tools.logger.warn('stream refused', { reason: details });
    call.emit('error', { code, details });
    end();
  };
  const send = (push: Push): void => {
    if (ended) return;
    const startedMs = tools.clock.nowMs();
    call.write(variant.write(push));
    tools.metrics.pushed(push, (tools.clock.nowMs() - startedMs) / 1000);
  };
  call.on('data', (message: Message) => {
    if (ended) return;
    const request = variant.read(message);
    if (request === undefined) return;
    if (typeof request === 'string') return refuse(status.RESOURCE_EXHAUSTED, request);
    if (session === undefined && tools.fleet.members.size >= MAX_STREAMS) {
      return refuse(status.RESOURCE_EXHAUSTED, `${MAX_STREAMS} proxies are connected already`);
    }
    const identity = session?.identity ?? identify(message.node, transport);
    if (identity === undefined) return refuse(status.INVALID_ARGUMENT, NO_IDENTITY);
    if (session === undefined) {
      session = join(identity, variant, send, tools);
      uncount = tools.connected.joined(message.node);
    }
    noteNack(session, request, tools);
    session.receive(request);
    if (session.state.types[request.type].names.size > MAX_SUBSCRIPTIONS) {
      return refuse(status.RESOURCE_EXHAUSTED, `more than ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    tools.fleet.progressed();
  });
  call.on('end', () => {
    call.end();
    end();
  });
  call.on('cancelled', end);
  call.on('error', (error) => {
    tools.logger.debug('stream broken', { reason: messageOf(error) });
    end();
  });
}

function join<Message, Request, Response>(
  identity: Identity,
  variant: WireVariant<Message, Request, Response>,
  send: (push: Push) => void,
  { fleet, clock, logger, metrics }: StreamTools,
): ProxySession<Request> {
  const generation = (): number => fleet.generation;
  const { converged, queued } = metrics;
  const progressed = (): void => fleet.progressed();
  const session = new ProxySession(identity, viewFor(fleet.world, identity), variant, {
    clock,
    generation,
    send,
    converged,
    queued,
    progressed,
  });
  fleet.join(session as unknown as AnySession);
  logger.info('proxy connected', { proxy: identity.proxy, variant: variant.name });
  return session;
}

function leave<Request>(session: ProxySession<Request>, { fleet, logger }: StreamTools): void {
  session.close();
  fleet.leave(session as unknown as AnySession);
  logger.info('proxy disconnected', { proxy: session.identity.proxy });
}

/** A refusal is news only when it answers what is in flight. */
function noteNack(
  session: { readonly identity: AnySession['identity']; readonly state: AnySession['state'] },
  request: Typed,
  tools: StreamTools,
): void {
  if (request.error === undefined) return;
  if (session.state.types[request.type].inFlight?.nonce !== request.nonce) return;
  const type = SHORT_NAMES[request.type];
  tools.metrics.refused(request.type, session.identity.proxy);
  tools.logger.warn('configuration refused', { proxy: session.identity.proxy, type, reason: request.error });
}
