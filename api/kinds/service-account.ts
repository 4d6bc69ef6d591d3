import { z } from 'zod';
import { defineKind } from './kind.ts';
import { ObjectMeta } from './meta.ts';

export const ServiceAccountSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ServiceAccount'),
  metadata: ObjectMeta,
  automountServiceAccountToken: z.boolean().optional(),
});
export type ServiceAccount = z.infer<typeof ServiceAccountSchema>;

export const ServiceAccount = defineKind<ServiceAccount>({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  schema: ServiceAccountSchema,
  columns: [{ name: 'Age', type: 'date', value: (account) => account.metadata.creationTimestamp ?? '' }],
});
