import { type Client, isReason } from '#api/client/client.ts';
import { createBackoff } from '#api/foundation/backoff.ts';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { Node } from '#api/kinds/node.ts';
import { type NodeFacts, nodeObject, nodeStatus } from './node-object.ts';

/** The kubelet's interval; a control plane calls a node lost after about 40 s without one. */
const HEARTBEAT_MS = 10_000;

/** A control plane that starts beside us is there within a second: asked often at first. */
const RETRY = { initialMs: 50, maxMs: 5_000, factor: 1.6, jitter: 0.2 };

/** Registers the node and keeps saying that it lives, until the signal aborts. */
export async function keepRegistered(
  facts: NodeFacts,
  client: Client,
  tools: { clock: Clock; random: Random; logger: Logger; signal: AbortSignal },
): Promise<void> {
  const { clock, random, logger, signal } = tools;
  const backoff = createBackoff(RETRY, random);
  let registered = false;
  while (!signal.aborted) {
    let pauseMs = HEARTBEAT_MS;
    try {
      await beat(facts, client, new Date(clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z'));
      if (!registered) logger.info('node registered', { node: facts.name });
      registered = true;
      backoff.reset();
    } catch (error) {
      logger.warn('node not registered, trying again', { reason: messageOf(error) });
      pauseMs = backoff.nextMs();
    }
    await sleep(clock, pauseMs, signal).catch(() => {});
  }
}

async function beat(facts: NodeFacts, client: Client, now: string): Promise<void> {
  const wanted = nodeObject(facts);
  const current = (await client.get(Node, undefined, facts.name)) ?? (await create(client, wanted));
  const { labels, annotations } = wanted.metadata;
  if (
    !carriesAll(current.metadata.labels, labels) ||
    !carriesAll(current.metadata.annotations, annotations)
  ) {
    await client.patch(Node, undefined, facts.name, { metadata: { labels, annotations } });
  }
  const status = nodeStatus(facts, current.status, now);
  await client.patch(Node, undefined, facts.name, { status }, { subresource: 'status' });
}

async function create(client: Client, node: Node): Promise<Node> {
  try {
    return await client.create(Node, node);
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return node;
    throw error;
  }
}

function carriesAll(
  have: Readonly<Record<string, string>> | undefined,
  want: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(want ?? {}).every(([key, value]) => have?.[key] === value);
}
