/**
 * Writes what is known of the rules into their status, where the user looks: one condition for each thing that is
 * known, and only when it says something new.
 */
import type { Client } from '#api/client/client.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import { Gateway } from '#api/kinds/gateway.ts';
import type { Kind } from '#api/kinds/kind.ts';
import type { Condition, KubeObject, Stored } from '#api/kinds/meta.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { Sidecar } from '#api/kinds/sidecar.ts';
import { Telemetry } from '#api/kinds/telemetry.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { type ObjectRef, refId } from '#control-plane/translation/origin/object-ref.ts';

/** What one condition of one object should say. */
export interface Statement {
  readonly about: ObjectRef;
  readonly condition: Pick<Condition, 'type' | 'status'> & {
    readonly reason: string;
    readonly message: string;
  };
}

export interface StatusWriter {
  /** Takes statements over; of those about one condition of one object the latest counts. */
  report(statements: readonly Statement[]): void;
  /** Resolves when nothing is left to write. */
  idle(): Promise<void>;
}

type Rule = KubeObject & { status?: { conditions?: Condition[] | undefined } | undefined };
/** The kinds of objects whose conditions are written. */
export const RULE_KINDS = {
  VirtualService,
  DestinationRule,
  Gateway,
  ServiceEntry,
  Sidecar,
  Telemetry,
} as unknown as Record<ObjectRef['kind'], Kind<Rule>>;

export function createStatusWriter(tools: { client: Client; clock: Clock; logger: Logger }): StatusWriter {
  const waiting = new Map<string, Statement>();
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    for (const [id, statement] of waiting) {
      waiting.delete(id);
      await write(statement, tools);
    }
    running = undefined;
  };
  return {
    report(statements) {
      for (const each of statements) waiting.set(`${refId(each.about)} ${each.condition.type}`, each);
      if (waiting.size > 0) running ??= run();
    },
    async idle() {
      await running;
    },
  };
}

async function write(
  statement: Statement,
  { client, clock, logger }: { client: Client; clock: Clock; logger: Logger },
): Promise<void> {
  const { kind, key } = statement.about;
  const [namespace = '', name = ''] = key.split('/');
  const now = new Date(clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z');
  const change = (current: Stored<Rule>): Rule | undefined => withCondition(current, statement, now);
  try {
    await changeObject(client, { kind: RULE_KINDS[kind], namespace, name, change }, 'status');
  } catch (error) {
    logger.warn('status not written', { rule: refId(statement.about), reason: messageOf(error) });
  }
}

/** Undefined when the object says so already. */
function withCondition(object: Stored<Rule>, { condition }: Statement, now: string): Rule | undefined {
  const conditions = object.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === condition.type);
  const next = ofGeneration(condition, object.metadata.generation);
  if (before !== undefined && saysTheSame(before, next)) return undefined;
  const turned = before?.status !== next.status;
  const lastTransitionTime = turned ? now : (before?.lastTransitionTime ?? now);
  return {
    ...object,
    status: {
      ...object.status,
      conditions: [...conditions.filter((c) => c !== before), { ...next, lastTransitionTime }],
    },
  };
}

function ofGeneration(condition: Statement['condition'], generation: number | undefined): Condition {
  return { ...condition, ...(generation === undefined ? {} : { observedGeneration: generation }) };
}

function saysTheSame(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration
  );
}
