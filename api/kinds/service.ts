import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { type Check, defineKind, type Mistake } from './kind.ts';
import { Condition, IntOrString, ObjectMeta } from './meta.ts';

export const ServicePort = z.strictObject({
  name: z.string().optional(),
  /** Kubernetes appProtocol: decides the protocol before the port's name does. */
  appProtocol: z.string().optional(),
  protocol: z.enum(['TCP', 'UDP']).default('TCP'),
  port: z.int().min(1).max(65535),
  /** Defaults to `port`. */
  targetPort: IntOrString.optional(),
});
export type ServicePort = z.infer<typeof ServicePort>;

export const ServiceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Service'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    type: z.literal('ClusterIP').default('ClusterIP'),
    selector: z.record(z.string(), z.string()).optional(),
    ports: z.array(ServicePort).optional(),
    /** `None` makes the service headless. Given by the server otherwise. */
    clusterIP: z.string().optional(),
    clusterIPs: z.array(z.string()).max(1).optional(),
    ipFamilies: z.array(z.literal('IPv4')).optional(),
    ipFamilyPolicy: z.literal('SingleStack').optional(),
    sessionAffinity: z.literal('None').default('None'),
    publishNotReadyAddresses: z.boolean().optional(),
    internalTrafficPolicy: z.literal('Cluster').optional(),
  }),
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type Service = z.infer<typeof ServiceSchema>;

const portsAreNamedAndUnique: Check<Service> = {
  name: 'ports have names when there are several, and do not clash',
  check: ({ spec }) => {
    const ports = spec.ports ?? [];
    const numbers = new Set<string>();
    const names = new Set<string>();
    return ports.flatMap((port, i): Mistake[] => {
      const mistakes: Mistake[] = [];
      if (ports.length > 1 && port.name === undefined) {
        mistakes.push({ path: `spec.ports[${i}].name`, message: 'is required when there are several ports' });
      }
      if (port.name !== undefined && names.has(port.name)) {
        mistakes.push({ path: `spec.ports[${i}].name`, message: `duplicate name "${port.name}"` });
      }
      const key = `${port.protocol}/${port.port}`;
      if (numbers.has(key))
        mistakes.push({ path: `spec.ports[${i}].port`, message: `clashes with another port ${key}` });
      numbers.add(key);
      if (port.name !== undefined) names.add(port.name);
      return mistakes;
    });
  },
};

const clusterIpIsAnAddress: Check<Service> = {
  name: 'clusterIP is an IPv4 address or None',
  check: ({ spec }) =>
    spec.clusterIP === undefined ||
    spec.clusterIP === '' ||
    spec.clusterIP === 'None' ||
    isIPv4(spec.clusterIP)
      ? []
      : [{ path: 'spec.clusterIP', message: 'must be an IPv4 address or None' }],
};

/** Condition that is False while the service names an address that it cannot have. */
export const ADDRESS_CONDITION = 'ClusterIPAllocated';

/** The VIP, or undefined for a headless service, one that has no address yet, and one whose address was refused. */
export function vipOf(service: Service): string | undefined {
  const ip = service.spec.clusterIP;
  const refused = service.status?.conditions?.some(
    (condition) => condition.type === ADDRESS_CONDITION && condition.status === 'False',
  );
  return refused || ip === undefined || ip === '' || ip === 'None' ? undefined : ip;
}

export const Service = defineKind<Service>({
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status'],
  schema: ServiceSchema,
  checks: [portsAreNamedAndUnique, clusterIpIsAnAddress],
  columns: [
    { name: 'Type', value: (service) => service.spec.type },
    { name: 'Cluster-IP', value: (service) => service.spec.clusterIP ?? '<none>' },
    {
      name: 'Port(s)',
      value: (service) =>
        (service.spec.ports ?? []).map((port) => `${port.port}/${port.protocol}`).join(',') || '<none>',
    },
    { name: 'Age', type: 'date', value: (service) => service.metadata.creationTimestamp ?? '' },
  ],
});
