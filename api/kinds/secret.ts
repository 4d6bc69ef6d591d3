import { z } from 'zod';
import { dataChecks } from './config-map.ts';
import { defineKind } from './kind.ts';
import { ObjectMeta } from './meta.ts';

export const SecretSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Secret'),
  metadata: ObjectMeta,
  type: z.string().default('Opaque'),
  /** Base64 of the values. */
  data: z.record(z.string(), z.base64()).optional(),
  /** Plain values; the server moves them into `data`. */
  stringData: z.record(z.string(), z.string()).optional(),
  immutable: z.boolean().optional(),
});
export type Secret = z.infer<typeof SecretSchema>;

export const Secret = defineKind<Secret>({
  kind: 'Secret',
  plural: 'secrets',
  schema: SecretSchema,
  checks: dataChecks,
  columns: [
    { name: 'Type', value: (secret) => secret.type },
    { name: 'Data', type: 'integer', value: (secret) => Object.keys(secret.data ?? {}).length },
    { name: 'Age', type: 'date', value: (secret) => secret.metadata.creationTimestamp ?? '' },
  ],
});
