import { z } from 'zod';
import { IntOrString, Quantity } from './meta.ts';

/** User and group ids, and seconds: beyond this no kernel takes the one, and no calendar the other. */
const Int32 = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

const ResourceList = z.record(z.string(), Quantity);

export const ResourceRequirements = z.strictObject({
  limits: ResourceList.optional(),
  requests: ResourceList.optional(),
});

const KeySelector = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() });

export const EnvVar = z.strictObject({
  name: z.string().min(1),
  value: z.string().optional(),
  valueFrom: z
    .strictObject({
      fieldRef: z.strictObject({ apiVersion: z.string().optional(), fieldPath: z.string() }).optional(),
      resourceFieldRef: z
        .strictObject({
          containerName: z.string().optional(),
          resource: z.string(),
          divisor: Quantity.optional(),
        })
        .optional(),
      configMapKeyRef: KeySelector.optional(),
      secretKeyRef: KeySelector.optional(),
    })
    .optional(),
});
export type EnvVar = z.infer<typeof EnvVar>;

const LocalRef = z.strictObject({ name: z.string(), optional: z.boolean().optional() });
export const EnvFromSource = z.strictObject({
  prefix: z.string().optional(),
  configMapRef: LocalRef.optional(),
  secretRef: LocalRef.optional(),
});

/** Kubernetes Probe: one of the three handlers. Times in seconds. */
export const Probe = z.strictObject({
  httpGet: z
    .strictObject({
      path: z.string().default('/'),
      port: IntOrString,
      host: z.string().optional(),
      scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP'),
      httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
    })
    .optional(),
  tcpSocket: z.strictObject({ port: IntOrString, host: z.string().optional() }).optional(),
  exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
  initialDelaySeconds: Int32.default(0),
  periodSeconds: Int32.min(1).default(10),
  timeoutSeconds: Int32.min(1).default(1),
  successThreshold: Int32.min(1).default(1),
  failureThreshold: Int32.min(1).default(3),
  terminationGracePeriodSeconds: Int32.optional(),
});
export type Probe = z.infer<typeof Probe>;

const LifecycleHandler = z.strictObject({
  exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
  sleep: z.strictObject({ seconds: Int32 }).optional(),
});

export const VolumeMount = z.strictObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  readOnly: z.boolean().optional(),
});

export const SecurityContext = z.strictObject({
  runAsUser: Int32.optional(),
  runAsGroup: Int32.optional(),
  runAsNonRoot: z.boolean().optional(),
  readOnlyRootFilesystem: z.boolean().optional(),
  allowPrivilegeEscalation: z.literal(false).optional(),
  privileged: z.literal(false).optional(),
  capabilities: z
    .strictObject({ add: z.array(z.string()).optional(), drop: z.array(z.string()).optional() })
    .optional(),
  seccompProfile: z.strictObject({ type: z.enum(['RuntimeDefault', 'Unconfined']) }).optional(),
});

export const Container = z.strictObject({
  name: z.string(),
  /** Absent, or `host`: the host's own binaries on a read-only root. */
  image: z.string().optional(),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  workingDir: z.string().optional(),
  ports: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        containerPort: z.int().min(1).max(65535),
        hostPort: z.int().min(1).max(65535).optional(),
        hostIP: z.string().optional(),
        protocol: z.enum(['TCP', 'UDP']).default('TCP'),
      }),
    )
    .optional(),
  env: z.array(EnvVar).optional(),
  envFrom: z.array(EnvFromSource).optional(),
  resources: ResourceRequirements.optional(),
  volumeMounts: z.array(VolumeMount).optional(),
  livenessProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  startupProbe: Probe.optional(),
  lifecycle: z
    .strictObject({ postStart: LifecycleHandler.optional(), preStop: LifecycleHandler.optional() })
    .optional(),
  securityContext: SecurityContext.optional(),
  /** On an init container: `Always` makes it a native sidecar, started before and stopped after the app. */
  restartPolicy: z.literal('Always').optional(),
  terminationMessagePath: z.string().optional(),
  terminationMessagePolicy: z.enum(['File', 'FallbackToLogsOnError']).optional(),
  stdin: z.literal(false).optional(),
  tty: z.literal(false).optional(),
});
export type Container = z.infer<typeof Container>;

const KeyToPath = z.strictObject({ key: z.string(), path: z.string(), mode: z.int().optional() });

export const Volume = z.strictObject({
  name: z.string(),
  emptyDir: z
    .strictObject({ medium: z.enum(['', 'Memory']).optional(), sizeLimit: Quantity.optional() })
    .optional(),
  hostPath: z
    .strictObject({
      path: z.string(),
      type: z.enum(['', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']).optional(),
    })
    .optional(),
  configMap: z
    .strictObject({
      name: z.string(),
      items: z.array(KeyToPath).optional(),
      defaultMode: z.int().optional(),
      optional: z.boolean().optional(),
    })
    .optional(),
  secret: z
    .strictObject({
      secretName: z.string(),
      items: z.array(KeyToPath).optional(),
      defaultMode: z.int().optional(),
      optional: z.boolean().optional(),
    })
    .optional(),
});
export type Volume = z.infer<typeof Volume>;

/** The part of Kubernetes PodSpec that weft runs. What is not here is refused by name. */
export const PodSpec = z.strictObject({
  containers: z.array(Container).min(1),
  initContainers: z.array(Container).optional(),
  volumes: z.array(Volume).optional(),
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
  terminationGracePeriodSeconds: Int32.default(30),
  activeDeadlineSeconds: Int32.min(1).optional(),
  nodeName: z.string().optional(),
  nodeSelector: z.record(z.string(), z.string()).optional(),
  serviceAccountName: z.string().default('default'),
  serviceAccount: z.string().optional(),
  automountServiceAccountToken: z.boolean().optional(),
  hostname: z.string().optional(),
  subdomain: z.string().optional(),
  dnsPolicy: z.enum(['ClusterFirst', 'Default']).default('ClusterFirst'),
  enableServiceLinks: z.boolean().optional(),
  schedulerName: z.literal('default-scheduler').default('default-scheduler'),
  securityContext: z
    .strictObject({
      runAsUser: Int32.optional(),
      runAsGroup: Int32.optional(),
      runAsNonRoot: z.boolean().optional(),
      fsGroup: Int32.optional(),
      supplementalGroups: z.array(Int32).optional(),
      seccompProfile: z.strictObject({ type: z.enum(['RuntimeDefault', 'Unconfined']) }).optional(),
    })
    .optional(),
  tolerations: z.array(z.looseObject({})).max(0).optional(),
  readinessGates: z.array(z.looseObject({})).max(0).optional(),
  imagePullSecrets: z.array(z.looseObject({})).max(0).optional(),
});
export type PodSpec = z.infer<typeof PodSpec>;

/** Kubernetes PodTemplateSpec. */
export const TemplateMeta = z.strictObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export const PodTemplate = z.strictObject({ metadata: TemplateMeta.optional(), spec: PodSpec });
export type PodTemplate = z.infer<typeof PodTemplate>;
