import { join } from 'node:path';
import { hostLinkName } from '../network/names.ts';
import { containerId } from '../pod/container-plan.ts';
import type { Observed } from '../pod/decision.ts';
import { type Member, membersOf } from '../pod/members.ts';
import { type ContainerRecord, containerRecord, type PodRecord } from '../pod/pod-record.ts';
import { type Stage, stageOf } from '../pod/stage.ts';
import { podCgroup } from '../resources/cgroup-layout.ts';

/** A pod of the node as the metrics see it. */
export interface Resident {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** The host's end of its link. */
  readonly link: string;
  readonly cgroup: string;
  readonly sandbox: boolean;
  readonly containers: readonly ResidentContainer[];
}

export interface ResidentContainer {
  readonly name: string;
  readonly role: Member['role'];
  readonly image: string;
  /** Of the present attempt. */
  readonly id: string;
  readonly cgroup: string;
  readonly stage: Stage;
  readonly record: ContainerRecord;
}

export function residentOf(meshId: string, record: PodRecord, observed: Observed): Resident {
  const { metadata } = record.pod;
  const uid = metadata.uid ?? '';
  const cgroup = podCgroup(meshId, uid);
  return {
    namespace: metadata.namespace ?? 'default',
    pod: metadata.name ?? '',
    uid,
    link: hostLinkName(meshId, record.sandbox),
    cgroup,
    sandbox: observed.sandbox === 'ready',
    containers: membersOf(record).map((member) => {
      const container = containerRecord(record, member.name);
      return {
        name: member.name,
        role: member.role,
        image: member.container?.image ?? 'host',
        id: containerId(meshId, uid, member.name, container.attempt),
        cgroup: join(cgroup, `${member.name}-${container.attempt}`),
        stage: stageOf(member, container, observed.sightings.get(member.name)),
        record: container,
      };
    }),
  };
}
