import { PROXY_NAME } from '#api/mesh/names.ts';

export const STATUS_ANNOTATION = 'sidecar.istio.io/status';

/** What Istio's injector leaves on a pod, so that tools which look for it know that the pod is in the mesh. */
export const SIDECAR_STATUS = JSON.stringify({
  initContainers: [PROXY_NAME],
  containers: null,
  volumes: null,
  imagePullSecrets: null,
  revision: 'default',
});
