import type { Namespace } from '#api/kinds/namespace.ts';
import type { Strategy } from './strategy.ts';

/** Held until the namespace controller has emptied the namespace, as in Kubernetes. */
export const NAMESPACE_FINALIZER = 'kubernetes';
/** Made at the start, and there for ever. */
export const SYSTEM_NAMESPACES: readonly string[] = ['default', 'kube-system'];

const NAME_LABEL = 'kubernetes.io/metadata.name';

function withNameLabel(namespace: Namespace): Namespace {
  const { metadata } = namespace;
  const labels = { ...metadata.labels, [NAME_LABEL]: metadata.name ?? '' };
  return { ...namespace, metadata: { ...metadata, labels } };
}

/**
 * Deleting a namespace makes it `Terminating`; it goes when `spec.finalizers` is empty. The controller that emptied
 * it says so by an update or a merge patch with `spec: { finalizers: [] }`; before the deletion that list is fixed.
 */
export const namespaceStrategy: Strategy<Namespace> = {
  prepareForCreate: (namespace) => ({
    ...withNameLabel(namespace),
    spec: { finalizers: [NAMESPACE_FINALIZER] },
    status: { phase: 'Active' },
  }),
  prepareForUpdate(namespace, old) {
    const terminating = old.metadata.deletionTimestamp !== undefined;
    const finalizers = (terminating ? namespace.spec?.finalizers : undefined) ?? old.spec?.finalizers ?? [];
    return { ...withNameLabel(namespace), spec: { ...namespace.spec, finalizers } };
  },
  finalizersInSpec: (namespace) => namespace.spec?.finalizers ?? [],
  refuseDeletion: (name) =>
    SYSTEM_NAMESPACES.includes(name)
      ? 'this namespace belongs to the mesh and may not be deleted'
      : undefined,
};
