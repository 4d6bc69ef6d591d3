import { sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { containerId, hostnameOf } from './container-plan.ts';
import type { ContainerView } from './containers.ts';
import type { Action } from './decision.ts';
import { type Member, membersOf } from './members.ts';
import { created, hookFailed, signalled, tornDown } from './outcomes.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import type { PodTools } from './pod-tools.ts';

/** The worker's side that actions write to. */
export interface Subject {
  readonly record: PodRecord;
  /** Replaces the record by what the action adds to it. */
  amend(change: (record: PodRecord) => PodRecord): void;
  sandboxIs(state: 'absent' | 'ready'): void;
  saw(name: string, attempt: number, view: ContainerView): void;
  /** The pod is over: nothing of it is left to do. */
  over(): void;
}

/** Carries one action out. Rejects when it failed; what it had done by then may be done again. */
export function carryOut(action: Action, subject: Subject, tools: PodTools): Promise<void> {
  switch (action.do) {
    case 'set-up-sandbox':
      return setUpSandbox(subject, tools);
    case 'create':
      return create(member(subject, action.container), subject, tools);
    case 'start':
      return start(member(subject, action.container), subject, tools);
    case 'terminate':
      return terminate(member(subject, action.container), subject, tools);
    case 'kill':
      return tools.containers.signal(idOf(action.container, subject, tools), 'SIGKILL');
    case 'tear-down':
      return tearDown(subject, tools);
    case 'forget':
      return forget(subject, tools);
  }
}

function member({ record }: Subject, name: string): Member {
  const found = membersOf(record).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no container ${name} in the pod`);
  return found;
}

function uidOf({ record }: Subject): string {
  return record.pod.metadata.uid ?? '';
}

function idOf(name: string, subject: Subject, tools: PodTools, before = 0): string {
  const { attempt } = containerRecord(subject.record, name);
  return containerId(tools.meshId, uidOf(subject), name, attempt - before);
}

async function setUpSandbox(subject: Subject, tools: PodTools): Promise<void> {
  const { record } = subject;
  await tools.sandboxes.setUp({
    name: record.sandbox,
    podUid: uidOf(subject),
    hostname: hostnameOf(record),
    ip: record.ip,
    redirect: tools.redirect(record),
    limits: tools.limits(record),
  });
  subject.sandboxIs('ready');
}

/** What is left of the attempt before, or of a try that failed, goes first. */
async function create(member: Member, subject: Subject, tools: PodTools): Promise<void> {
  const { attempt, failure } = containerRecord(subject.record, member.name);
  const plan = await tools.prepare(subject.record, member);
  if (attempt > 0) await tools.containers.remove(idOf(member.name, subject, tools, 1));
  if (failure !== undefined) await tools.containers.remove(plan.id);
  await tools.containers.create(plan);
  subject.amend((record) => created(record, member.name));
  subject.saw(member.name, attempt, { state: 'created' });
  tell(subject, tools, member, 'Created', `Created container ${member.name}`);
}

async function start(member: Member, subject: Subject, tools: PodTools): Promise<void> {
  const id = idOf(member.name, subject, tools);
  const { attempt } = containerRecord(subject.record, member.name);
  await tools.containers.start(id);
  subject.saw(member.name, attempt, await tools.containers.view(id));
  tell(subject, tools, member, 'Started', `Started container ${member.name}`);
  await postStart(member, subject, tools);
}

async function postStart(member: Member, subject: Subject, tools: PodTools): Promise<void> {
  const hook = member.container?.lifecycle?.postStart;
  if (hook === undefined) return;
  const failure = await runHook(hook, member, subject, tools, Number.POSITIVE_INFINITY);
  if (failure === undefined) return;
  tools.tell(subject.record, {
    type: 'Warning',
    reason: 'FailedPostStartHook',
    message: failure,
    container: member.name,
  });
  subject.amend((record) => hookFailed(record, member.name, tools.clock.wallMs()));
}

/** The preStop hook counts against the grace period; SIGTERM follows it whatever it said. */
async function terminate(member: Member, subject: Subject, tools: PodTools): Promise<void> {
  const hook = member.container?.lifecycle?.preStop;
  const killAtMs = containerRecord(subject.record, member.name).stopping?.killAtMs ?? 0;
  if (hook !== undefined) {
    const failure = await runHook(hook, member, subject, tools, killAtMs - tools.clock.wallMs());
    if (failure !== undefined) {
      tools.tell(subject.record, {
        type: 'Warning',
        reason: 'FailedPreStopHook',
        message: failure,
        container: member.name,
      });
    }
  }
  await tools.containers.signal(idOf(member.name, subject, tools), 'SIGTERM');
  subject.amend((record) => signalled(record, member.name));
}

type Hook = NonNullable<NonNullable<NonNullable<Member['container']>['lifecycle']>['preStop']>;

/** A hook that never ends would hold an action for ever; nobody waits longer than this for one. */
const HOOK_LIMIT_MS = 3_600_000;

/** Undefined when the hook did its work, else what went wrong. */
async function runHook(
  hook: Hook,
  member: Member,
  subject: Subject,
  tools: PodTools,
  limitMs: number,
): Promise<string | undefined> {
  const timeoutMs = Math.max(1, Math.min(limitMs, HOOK_LIMIT_MS));
  if (hook.sleep !== undefined) {
    await sleep(tools.clock, Math.min(timeoutMs, hook.sleep.seconds * 1000));
    return undefined;
  }
  if (hook.exec === undefined) return undefined;
  try {
    const code = await tools.execHook(subject.record, member, hook.exec.command, timeoutMs);
    return code === 0 ? undefined : `hook exited with ${code}`;
  } catch (error) {
    return `hook could not be run: ${messageOf(error)}`;
  }
}

async function tearDown(subject: Subject, tools: PodTools): Promise<void> {
  const prefix = `${tools.meshId}-${uidOf(subject)}-`;
  const left = (await tools.containers.list()).filter((id) => id.startsWith(prefix));
  await Promise.all(left.map((id) => tools.containers.remove(id)));
  await tools.sandboxes.tearDown(subject.record.sandbox, uidOf(subject));
  await tools.release(subject.record);
  subject.sandboxIs('absent');
  subject.amend(tornDown);
}

async function forget(subject: Subject, tools: PodTools): Promise<void> {
  if (subject.record.ending?.reason !== 'gone') await tools.forget(subject.record);
  await tools.dropLogs(subject.record);
  subject.over();
}

function tell(subject: Subject, tools: PodTools, member: Member, reason: string, message: string): void {
  tools.tell(subject.record, { type: 'Normal', reason, message, container: member.name });
}
