import { membersOf } from '../pod/members.ts';
import { containerRecord } from '../pod/pod-record.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { stageOf } from '../pod/stage.ts';

/** One pod's state for a person who debugs. Environment and volumes stay out: they may be secret. */
export function podView({ record, observed }: PodWorker): unknown {
  const { namespace, name, uid } = record.pod.metadata;
  return {
    namespace,
    name,
    uid,
    ip: record.ip,
    sandbox: { name: record.sandbox, state: observed.sandbox, failure: observed.sandboxFailure },
    ending: record.ending,
    tornDown: record.tornDown,
    underWay: [...observed.busy],
    containers: membersOf(record).map((member) => {
      const container = containerRecord(record, member.name);
      return {
        name: member.name,
        role: member.role,
        stage: stageOf(member, container, observed.sightings.get(member.name)).at,
        health: observed.health.get(member.name),
        ...container,
      };
    }),
  };
}
