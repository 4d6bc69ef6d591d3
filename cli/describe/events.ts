import type { Event } from '#api/kinds/event.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { ageOf } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';

const lastSeen = (event: Stored<Event>): string => event.lastTimestamp ?? event.metadata.creationTimestamp;

/** The events of one object, the oldest first. */
export function eventLines(events: readonly Stored<Event>[], nowMs: number): string {
  if (events.length === 0) return 'Events:   <none>\n';
  const rows = [...events]
    .sort((a, b) => Date.parse(lastSeen(a)) - Date.parse(lastSeen(b)))
    .map((event) => [
      event.type ?? 'Normal',
      event.reason ?? '',
      `${ageOf(lastSeen(event), nowMs)}${(event.count ?? 1) > 1 ? ` (x${event.count})` : ''}`,
      event.source?.component ?? event.reportingComponent ?? '',
      event.message ?? '',
    ]);
  return `Events:\n${formatTable(['Type', 'Reason', 'Age', 'From', 'Message'], rows, { indent: '  ' })}`;
}
