import { z } from 'zod';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';

export const NamespaceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Namespace'),
  metadata: ObjectMeta,
  spec: z.strictObject({ finalizers: z.array(z.string()).optional() }).optional(),
  status: z
    .looseObject({
      phase: z.enum(['Active', 'Terminating']).optional(),
      conditions: z.array(Condition).optional(),
    })
    .optional(),
});
export type Namespace = z.infer<typeof NamespaceSchema>;

export const Namespace = defineKind<Namespace>({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status'],
  schema: NamespaceSchema,
  columns: [
    { name: 'Status', value: (namespace) => namespace.status?.phase ?? 'Active' },
    { name: 'Age', type: 'date', value: (namespace) => namespace.metadata.creationTimestamp ?? '' },
  ],
});
