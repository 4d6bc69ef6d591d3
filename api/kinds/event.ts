import { z } from 'zod';
import { defineKind } from './kind.ts';
import { ObjectMeta } from './meta.ts';

/** Kubernetes core/v1 Event: what happened to an object, for people. */
export const EventSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Event'),
  metadata: ObjectMeta,
  involvedObject: z.looseObject({
    kind: z.string().optional(),
    namespace: z.string().optional(),
    name: z.string().optional(),
    uid: z.string().optional(),
    fieldPath: z.string().optional(),
  }),
  reason: z.string().optional(),
  message: z.string().optional(),
  type: z.enum(['Normal', 'Warning']).optional(),
  count: z.int().optional(),
  firstTimestamp: z.string().optional(),
  lastTimestamp: z.string().optional(),
  eventTime: z.string().optional(),
  source: z.looseObject({ component: z.string().optional(), host: z.string().optional() }).optional(),
  reportingComponent: z.string().optional(),
  reportingInstance: z.string().optional(),
  action: z.string().optional(),
});
export type Event = z.infer<typeof EventSchema>;

export const Event = defineKind<Event>({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  schema: EventSchema,
  columns: [
    {
      name: 'Last Seen',
      type: 'date',
      value: (event) => event.lastTimestamp ?? event.metadata.creationTimestamp ?? '',
    },
    { name: 'Type', value: (event) => event.type ?? 'Normal' },
    { name: 'Reason', value: (event) => event.reason ?? '' },
    {
      name: 'Object',
      value: (event) =>
        `${(event.involvedObject.kind ?? '').toLowerCase()}/${event.involvedObject.name ?? ''}`,
    },
    { name: 'Message', value: (event) => event.message ?? '' },
  ],
});
