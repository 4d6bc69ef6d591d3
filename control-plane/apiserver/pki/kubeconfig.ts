import { stringify } from 'yaml';

/** A kubeconfig for kubectl and client libraries: whoever can read it administers the mesh. */
export function kubeconfigText(options: {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}): string {
  const { server, ca, token } = options;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'weft',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'weft-admin', user: { token } }],
    contexts: [{ name: 'weft', context: { cluster: 'weft', user: 'weft-admin', namespace: 'default' } }],
    'current-context': 'weft',
  });
}
