import type { Pod } from '#api/kinds/pod.ts';
import { sameJson } from './immutable.ts';
import type { Strategy } from './strategy.ts';

type Container = Pod['spec']['containers'][number];

/** Kubernetes' quality of service class: by how requests and limits of cpu and memory stand. */
function qosClassOf(containers: readonly Container[]): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = containers.map(({ resources }) => ({
    limits: resources?.limits ?? {},
    requests: { ...resources?.limits, ...resources?.requests },
  }));
  if (resources.every(({ requests }) => !('cpu' in requests) && !('memory' in requests))) return 'BestEffort';
  const guaranteed = resources.every(({ limits, requests }) =>
    (['cpu', 'memory'] as const).every(
      (name) => limits[name] !== undefined && String(limits[name]) === String(requests[name]),
    ),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** A pod is bound to a node once, and otherwise stays as it was made: the node runtime does not change running containers. */
export const podStrategy: Strategy<Pod> = {
  prepareForCreate: (pod) => ({
    ...pod,
    status: {
      phase: 'Pending',
      qosClass: qosClassOf([...pod.spec.containers, ...(pod.spec.initContainers ?? [])]),
    },
  }),
  checkUpdate({ spec }, { spec: old }) {
    const bound = old.nodeName ?? '';
    if (bound !== '' && spec.nodeName !== bound) {
      return [{ path: 'spec.nodeName', message: `the pod is bound to ${bound} and stays there` }];
    }
    const same = sameJson({ ...spec, nodeName: bound }, { ...old, nodeName: bound });
    return same
      ? []
      : [
          {
            path: 'spec',
            message:
              'Forbidden: of a pod only spec.nodeName can be set, once; delete the pod and make it anew',
          },
        ];
  },
};
