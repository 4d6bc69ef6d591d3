import { z } from 'zod';
import { destinationRuleChecks } from './destination-rule-checks.ts';
import { ExportTo, LabelMap } from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { TrafficPolicy } from './traffic-policy.ts';

export const DestinationRuleSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('DestinationRule'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    host: z.string().min(1),
    trafficPolicy: TrafficPolicy.optional(),
    subsets: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          labels: z.record(z.string(), z.string()).optional(),
          trafficPolicy: TrafficPolicy.optional(),
        }),
      )
      .optional(),
    exportTo: ExportTo.optional(),
    /** Which of the namespace's workloads, as clients, the rule is for. */
    workloadSelector: z.strictObject({ matchLabels: LabelMap.optional() }).optional(),
  }),
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type DestinationRule = z.infer<typeof DestinationRuleSchema>;

export const DestinationRule = defineKind<DestinationRule>({
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'DestinationRule',
  plural: 'destinationrules',
  shortNames: ['dr'],
  categories: ['istio-io', 'networking-istio-io'],
  subresources: ['status'],
  schema: DestinationRuleSchema,
  checks: destinationRuleChecks,
  columns: [
    { name: 'Host', value: (rule) => rule.spec.host },
    { name: 'Age', type: 'date', value: (rule) => rule.metadata.creationTimestamp ?? '' },
  ],
});
