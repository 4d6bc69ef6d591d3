/**
 * What is set for the whole mesh while it runs: the part of Istio's MeshConfig that weft has, as YAML under the key
 * `mesh` of the ConfigMap `istio` in `istio-system`. What else Istio knows is refused by name: a setting that does
 * nothing would be believed.
 */
import { z } from 'zod';
import { CustomTag } from '#api/kinds/telemetry.ts';
import { ExtensionProvider } from './extension-provider.ts';

export const SETTINGS_NAMESPACE = 'istio-system';
export const SETTINGS_NAME = 'istio';
export const SETTINGS_KEY = 'mesh';

/** Istio's default of `defaultConfig.tracing.sampling` (PILOT_TRACE_SAMPLING), percent. */
export const DEFAULT_SAMPLING = 1;

const ProviderNames = z.array(z.string().min(1)).optional();

/** Istio ProxyConfig.Tracing: for spans of which no Telemetry says it otherwise. */
const TracingDefaults = z.strictObject({
  /** Percent; 0 is Istio's default. */
  sampling: z.number().min(0).max(100).optional(),
  customTags: z.record(z.string(), CustomTag).optional(),
  maxPathTagLength: z.int().min(1).max(65_535).optional(),
});

export const MeshSettings = z.strictObject({
  /** Lines for every request of every workload, unless Telemetry objects say it otherwise. Empty: none. */
  accessLogFile: z.enum(['', '/dev/stdout']).default(''),
  /** Command operators of Envoy; with JSON an object. Istio's default format when it is empty. */
  accessLogFormat: z.string().default(''),
  accessLogEncoding: z.enum(['TEXT', 'JSON']).default('TEXT'),
  /** `false`: the trace viewer of the mesh is nobody's default. */
  enableTracing: z.boolean().optional(),
  /** With the one that is built in, as many as a sidecar writes access logs to. */
  extensionProviders: z.array(ExtensionProvider).max(15).default([]),
  defaultProviders: z
    .strictObject({ metrics: ProviderNames, tracing: ProviderNames, accessLogging: ProviderNames })
    .prefault({}),
  defaultConfig: z.strictObject({ tracing: TracingDefaults.prefault({}) }).prefault({}),
});
export type MeshSettings = z.infer<typeof MeshSettings>;

export const DEFAULT_SETTINGS: MeshSettings = MeshSettings.parse({});
