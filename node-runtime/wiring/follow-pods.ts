import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import type { Pods } from '../pod/pods.ts';
import type { Preparation } from '../pod/preparation.ts';
import type { Informers } from './informers.ts';

/** Hands the API's word on to the pods of this node. */
export function followPods(pods: Pods, { pods: informer }: Pick<Informers, 'pods'>): void {
  informer.onChange(({ type, object }) => {
    if (type === 'deleted') pods.gone(object);
    else pods.seen(object);
  });
  void informer.synced.then(() => pods.keepOnly(informer.list()));
}

/** Brings volumes up to date when their ConfigMap or Secret changes, and retries containers that lacked one. */
export function followObjects(
  pods: Pods,
  preparationOf: (worker: PodWorker) => Preparation | undefined,
  informers: Pick<Informers, 'configMaps' | 'secrets'>,
  logger: Logger,
): void {
  const changed = (kind: 'ConfigMap' | 'Secret', namespace: string | undefined, name: string): void => {
    for (const worker of pods.workers) {
      if (worker.record.pod.metadata.namespace !== namespace) continue;
      worker.retry();
      preparationOf(worker)
        ?.refresh(worker.record, kind, name)
        .catch((error: unknown) => {
          logger.warn('volume not brought up to date', { kind, name, reason: messageOf(error) });
        });
    }
  };
  informers.configMaps.onChange(({ type, object: { metadata } }) => {
    if (type !== 'deleted') changed('ConfigMap', metadata.namespace, metadata.name);
  });
  informers.secrets.onChange(({ type, object: { metadata } }) => {
    if (type !== 'deleted') changed('Secret', metadata.namespace, metadata.name);
  });
}
