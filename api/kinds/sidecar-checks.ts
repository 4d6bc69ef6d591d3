/** What a Sidecar's schema cannot say (Istio's own validation). */
import type { Check, Mistake } from './kind.ts';
import { isHost, isLabel } from './mesh-name-checks.ts';
import type { Sidecar } from './sidecar.ts';

const saysSomething: Check<Sidecar> = {
  name: 'it is not empty',
  check: ({ spec }) =>
    spec.egress === undefined && spec.outboundTrafficPolicy === undefined
      ? [{ path: 'spec', message: 'egress or outboundTrafficPolicy is required' }]
      : [],
};

const hostsAreNamed: Check<Sidecar> = {
  name: 'hosts are NAMESPACE/HOST',
  check: ({ spec }) =>
    (spec.egress ?? []).flatMap(({ hosts }, i) =>
      hosts.flatMap((text, j): Mistake[] => {
        const [namespace = '', host = '', ...rest] = text.split('/');
        const home = ['.', '*', '~'].includes(namespace) || isLabel(namespace);
        return home && isHost(host) && rest.length === 0
          ? []
          : [
              {
                path: `spec.egress[${i}].hosts[${j}]`,
                message: 'must be NAMESPACE/HOST, such as ./* or */web',
              },
            ];
      }),
    ),
};

const portsAreUnique: Check<Sidecar> = {
  name: 'a port has one listener, and the one without a port comes last',
  check: ({ spec }) =>
    (spec.egress ?? []).flatMap(({ port }, i, all): Mistake[] => {
      const path = `spec.egress[${i}].port`;
      if (port === undefined) {
        return i === all.length - 1 ? [] : [{ path, message: 'only the last listener may have no port' }];
      }
      return all.slice(0, i).some((other) => other.port?.number === port.number)
        ? [{ path: `${path}.number`, message: `another listener has ${port.number}` }]
        : [];
    }),
};

export const sidecarChecks: readonly Check<Sidecar>[] = [saysSomething, hostsAreNamed, portsAreUnique];
