/**
 * Writes what translation found of the rules into their status, where the user looks: one condition `Reconciled`,
 * and only when it says something new.
 */
import type { Client } from '#api/client/client.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Kind } from '#api/kinds/kind.ts';
import type { Condition, KubeObject, Stored } from '#api/kinds/meta.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import type { Diagnosis } from '#control-plane/translation/diagnosis.ts';

export const RECONCILED = 'Reconciled';

export interface StatusWriter {
  /** Takes verdicts over; the latest one of a rule counts. */
  report(diagnoses: readonly Diagnosis[]): void;
  /** Resolves when nothing is left to write. */
  idle(): Promise<void>;
}

type Rule = KubeObject & { status?: { conditions?: Condition[] | undefined } | undefined };
const KINDS = { VirtualService, DestinationRule, ServiceEntry } as unknown as Record<
  Diagnosis['kind'],
  Kind<Rule>
>;

export function createStatusWriter(tools: { client: Client; clock: Clock; logger: Logger }): StatusWriter {
  const waiting = new Map<string, Diagnosis>();
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    for (const [id, diagnosis] of waiting) {
      waiting.delete(id);
      await write(diagnosis, tools);
    }
    running = undefined;
  };
  return {
    report(diagnoses) {
      for (const diagnosis of diagnoses) waiting.set(`${diagnosis.kind} ${diagnosis.key}`, diagnosis);
      if (waiting.size > 0) running ??= run();
    },
    async idle() {
      await running;
    },
  };
}

async function write(
  diagnosis: Diagnosis,
  { client, clock, logger }: { client: Client; clock: Clock; logger: Logger },
): Promise<void> {
  const [namespace = '', name = ''] = diagnosis.key.split('/');
  const now = new Date(clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z');
  const change = (current: Stored<Rule>): Rule | undefined => withCondition(current, diagnosis, now);
  try {
    await changeObject(client, { kind: KINDS[diagnosis.kind], namespace, name, change }, 'status');
  } catch (error) {
    logger.warn('status not written', {
      rule: `${diagnosis.kind} ${diagnosis.key}`,
      reason: messageOf(error),
    });
  }
}

/** Undefined when the object says so already. */
export function withCondition(object: Stored<Rule>, diagnosis: Diagnosis, now: string): Rule | undefined {
  const conditions = object.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === RECONCILED);
  const next = conditionOf(diagnosis, object.metadata.generation);
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

function conditionOf({ findings }: Diagnosis, generation: number | undefined): Condition {
  const first = findings.find(({ hint }) => hint !== true);
  return {
    type: RECONCILED,
    status: first === undefined ? 'True' : 'False',
    reason: first?.reason ?? RECONCILED,
    message: findings.map(({ message }) => message).join('; '),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function saysTheSame(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration
  );
}
