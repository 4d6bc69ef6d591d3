import { z } from 'zod';
import { type Check, defineKind } from './kind.ts';
import { Condition, IntOrString, LabelSelector, ObjectMeta } from './meta.ts';
import { templateChecks } from './pod-checks.ts';
import { PodTemplate } from './pod-spec.ts';
import { selectorMatchesTemplate } from './selector-checks.ts';

export const DeploymentSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Deployment'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    replicas: z.int().min(0).default(1),
    minReadySeconds: z.int().min(0).default(0),
    paused: z.boolean().optional(),
    progressDeadlineSeconds: z.int().min(1).default(600),
    revisionHistoryLimit: z.int().min(0).default(10),
    selector: LabelSelector,
    strategy: z
      .strictObject({
        type: z.enum(['RollingUpdate', 'Recreate']).default('RollingUpdate'),
        rollingUpdate: z
          .strictObject({ maxSurge: IntOrString.default('25%'), maxUnavailable: IntOrString.default('25%') })
          .optional(),
      })
      .prefault({}),
    template: PodTemplate,
  }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      replicas: z.int().optional(),
      updatedReplicas: z.int().optional(),
      readyReplicas: z.int().optional(),
      availableReplicas: z.int().optional(),
      unavailableReplicas: z.int().optional(),
      collisionCount: z.int().optional(),
      conditions: z.array(Condition).optional(),
    })
    .optional(),
});
export type Deployment = z.infer<typeof DeploymentSchema>;

const SHARE = /^(?:\d{1,3})%$/;

const rollingUpdateCanMove: Check<Deployment> = {
  name: 'a rolling update can make progress',
  check: ({ spec }) => {
    const { rollingUpdate } = spec.strategy;
    if (rollingUpdate === undefined) return [];
    const bad = (['maxSurge', 'maxUnavailable'] as const).flatMap((field) => {
      const value = rollingUpdate[field];
      const fine = typeof value === 'number' ? value >= 0 : SHARE.test(value);
      return fine
        ? []
        : [
            {
              path: `spec.strategy.rollingUpdate.${field}`,
              message: 'must be a count or a percentage such as 25%',
            },
          ];
    });
    const zero = (value: number | string): boolean => value === 0 || value === '0%' || value === '0';
    if (zero(rollingUpdate.maxSurge) && zero(rollingUpdate.maxUnavailable)) {
      bad.push({
        path: 'spec.strategy.rollingUpdate.maxUnavailable',
        message: 'may not be 0 when maxSurge is 0',
      });
    }
    return bad;
  },
};

export const Deployment = defineKind<Deployment>({
  group: 'apps',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  schema: DeploymentSchema,
  checks: [selectorMatchesTemplate, rollingUpdateCanMove, ...templateChecks<Deployment>()],
  columns: [
    { name: 'Ready', value: (d) => `${d.status?.readyReplicas ?? 0}/${d.spec.replicas}` },
    { name: 'Up-to-date', type: 'integer', value: (d) => d.status?.updatedReplicas ?? 0 },
    { name: 'Available', type: 'integer', value: (d) => d.status?.availableReplicas ?? 0 },
    { name: 'Age', type: 'date', value: (d) => d.metadata.creationTimestamp ?? '' },
  ],
});
