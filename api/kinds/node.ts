import { z } from 'zod';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta, Quantity } from './meta.ts';

export const NodeSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Node'),
  metadata: ObjectMeta,
  spec: z
    .strictObject({
      podCIDR: z.string().optional(),
      podCIDRs: z.array(z.string()).optional(),
      unschedulable: z.boolean().optional(),
    })
    .optional(),
  status: z
    .looseObject({
      addresses: z.array(z.looseObject({ type: z.string(), address: z.string() })).optional(),
      capacity: z.record(z.string(), Quantity).optional(),
      allocatable: z.record(z.string(), Quantity).optional(),
      conditions: z.array(Condition).optional(),
      nodeInfo: z.looseObject({}).optional(),
    })
    .optional(),
});
export type Node = z.infer<typeof NodeSchema>;

/** Where the control plane finds the node runtime's own API: a Unix socket path, on the machine that it shares. */
export const RUNTIME_SOCKET_ANNOTATION = 'weft.dev/runtime-socket';

export function isReady(node: Node): boolean {
  return (node.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True');
}

export const Node = defineKind<Node>({
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status'],
  schema: NodeSchema,
  columns: [
    { name: 'Status', value: (node) => (isReady(node) ? 'Ready' : 'NotReady') },
    { name: 'Age', type: 'date', value: (node) => node.metadata.creationTimestamp ?? '' },
  ],
});
