import { WeftError } from '#api/foundation/errors.ts';
import type { Container, EnvVar } from '#api/kinds/pod-spec.ts';
import { expand } from './expand.ts';
import { type FieldFacts, fieldValue } from './field-ref.ts';
import { type NodeSize, resourceValue } from './resource-field-ref.ts';

/** Keys and values of the ConfigMaps and Secrets that a container names, already fetched; undefined: it does not exist. */
export interface EnvSources {
  configMap(name: string): Readonly<Record<string, string>> | undefined;
  secret(name: string): Readonly<Record<string, string>> | undefined;
}

export interface EnvFacts extends FieldFacts {
  readonly containers: readonly Container[];
  readonly node: NodeSize;
  /** Service links; everything that the container says goes over them. */
  readonly links: Readonly<Record<string, string>>;
}

/** A name that a process environment can carry; Kubernetes leaves other keys of `envFrom` out. */
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/**
 * The variables of one container, as Kubernetes composes them: service links, `envFrom` in order over them, then
 * `env` in order, each value expanded with what stands before it. Throws a WeftError `CreateContainerConfigError` for what is missing.
 */
export function environment(
  container: Container,
  facts: EnvFacts,
  sources: EnvSources,
): Record<string, string> {
  const variables: Record<string, string> = { ...facts.links };
  for (const from of container.envFrom ?? []) {
    Object.assign(variables, prefixed(from.prefix ?? '', fromWhole(from, sources)));
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, container, facts, sources, variables);
    if (value !== undefined) variables[variable.name] = value;
  }
  return variables;
}

function prefixed(prefix: string, data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data)
      .map(([key, value]) => [`${prefix}${key}`, value] as const)
      .filter(([name]) => ENV_NAME.test(name)),
  );
}

type EnvFrom = NonNullable<Container['envFrom']>[number];

function fromWhole(from: EnvFrom, sources: EnvSources): Readonly<Record<string, string>> {
  const { configMapRef, secretRef } = from;
  if (configMapRef !== undefined) {
    return sources.configMap(configMapRef.name) ?? missing('ConfigMap', configMapRef);
  }
  if (secretRef !== undefined) return sources.secret(secretRef.name) ?? missing('Secret', secretRef);
  return {};
}

function missing(kind: string, ref: { name: string; optional?: boolean | undefined }): Record<string, never> {
  if (ref.optional === true) return {};
  throw configError(`${kind} "${ref.name}" not found`, `create it: the container starts by itself then`);
}

function variableValue(
  variable: EnvVar,
  container: Container,
  facts: EnvFacts,
  sources: EnvSources,
  variables: Readonly<Record<string, string>>,
): string | undefined {
  const { valueFrom } = variable;
  if (valueFrom === undefined) return expand(variable.value ?? '', variables);
  if (valueFrom.fieldRef !== undefined) return fieldValue(valueFrom.fieldRef.fieldPath, facts);
  if (valueFrom.resourceFieldRef !== undefined) {
    return resourceValue(valueFrom.resourceFieldRef, container, facts.containers, facts.node);
  }
  if (valueFrom.configMapKeyRef !== undefined) {
    return keyOf('ConfigMap', valueFrom.configMapKeyRef, sources.configMap(valueFrom.configMapKeyRef.name));
  }
  if (valueFrom.secretKeyRef !== undefined) {
    return keyOf('Secret', valueFrom.secretKeyRef, sources.secret(valueFrom.secretKeyRef.name));
  }
  return '';
}

function keyOf(
  kind: string,
  ref: { name: string; key: string; optional?: boolean | undefined },
  data: Readonly<Record<string, string>> | undefined,
): string | undefined {
  if (data !== undefined && Object.hasOwn(data, ref.key)) return data[ref.key];
  if (ref.optional === true) return undefined;
  if (data === undefined)
    throw configError(`${kind} "${ref.name}" not found`, 'create it: the container starts by itself then');
  throw configError(
    `key "${ref.key}" not found in ${kind} "${ref.name}"`,
    'add the key, or mark it optional',
  );
}

export function configError(message: string, remedy?: string): WeftError {
  return new WeftError('CreateContainerConfigError', message, remedy === undefined ? {} : { remedy });
}
