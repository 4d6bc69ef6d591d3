import { z } from 'zod';
import { type Check, defineKind, type Mistake } from './kind.ts';
import { ObjectMeta } from './meta.ts';

const MAX_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

interface HasData {
  data?: Record<string, string> | undefined;
}

/** Kubernetes' rules for the keys and the size of ConfigMaps and Secrets. */
export const dataChecks: readonly Check<HasData>[] = [
  {
    name: 'keys are file names and the whole fits in 1 MiB',
    check: ({ data }) => {
      const mistakes: Mistake[] = Object.keys(data ?? {})
        .filter((key) => !KEY.test(key) || key === '.' || key === '..')
        .map((key) => ({
          path: `data[${key}]`,
          message: 'keys may have letters, digits, "-", "_" and "." only',
        }));
      const size = Object.values(data ?? {}).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
      return size > MAX_BYTES
        ? [...mistakes, { path: 'data', message: `is ${size} bytes; at most ${MAX_BYTES}` }]
        : mistakes;
    },
  },
];

export const ConfigMapSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ConfigMap'),
  metadata: ObjectMeta,
  data: z.record(z.string(), z.string()).optional(),
  binaryData: z.record(z.string(), z.base64()).optional(),
  immutable: z.boolean().optional(),
});
export type ConfigMap = z.infer<typeof ConfigMapSchema>;

export const ConfigMap = defineKind<ConfigMap>({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  schema: ConfigMapSchema,
  checks: dataChecks,
  columns: [
    { name: 'Data', type: 'integer', value: (map) => Object.keys({ ...map.data, ...map.binaryData }).length },
    { name: 'Age', type: 'date', value: (map) => map.metadata.creationTimestamp ?? '' },
  ],
});
