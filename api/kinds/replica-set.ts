import { z } from 'zod';
import { defineKind } from './kind.ts';
import { Condition, LabelSelector, ObjectMeta } from './meta.ts';
import { templateChecks } from './pod-checks.ts';
import { PodTemplate } from './pod-spec.ts';
import { selectorMatchesTemplate } from './selector-checks.ts';

export const ReplicaSetSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ReplicaSet'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    replicas: z.int().min(0).default(1),
    minReadySeconds: z.int().min(0).default(0),
    selector: LabelSelector,
    template: PodTemplate,
  }),
  status: z
    .looseObject({
      replicas: z.int().optional(),
      fullyLabeledReplicas: z.int().optional(),
      readyReplicas: z.int().optional(),
      availableReplicas: z.int().optional(),
      observedGeneration: z.int().optional(),
      conditions: z.array(Condition).optional(),
    })
    .optional(),
});
export type ReplicaSet = z.infer<typeof ReplicaSetSchema>;

export const ReplicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  schema: ReplicaSetSchema,
  checks: [selectorMatchesTemplate, ...templateChecks<ReplicaSet>()],
  columns: [
    { name: 'Desired', type: 'integer', value: (set) => set.spec.replicas },
    { name: 'Current', type: 'integer', value: (set) => set.status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', value: (set) => set.status?.readyReplicas ?? 0 },
    { name: 'Age', type: 'date', value: (set) => set.metadata.creationTimestamp ?? '' },
  ],
});
