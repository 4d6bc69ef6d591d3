/** What keeps a Gateway, or some of its servers, from being served. */
import type { Gateway, GatewayServer } from '#api/kinds/gateway.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { carries } from '#api/kinds/selectors.ts';
import { credentialsIn } from '../model/credentials.ts';
import type { Inputs } from '../model/inputs.ts';
import { type Finding, finding } from './finding.ts';

export function gatewayOwnFindings({ spec }: Stored<Gateway>, inputs: Inputs): Finding[] {
  const { selector = {}, servers } = spec;
  if (Object.keys(selector).length === 0) return [];
  const pods = [...inputs.pods.values()].filter(({ labels }) => carries(labels, selector));
  if (pods.length === 0) {
    return [{ ...finding('UselessSetting', 'spec.selector', 'no pod carries these labels'), hint: true }];
  }
  const namespaces = [...new Set(pods.map(({ namespace }) => namespace))].sort();
  return servers.flatMap((server, i) =>
    namespaces.flatMap((namespace) => credentialFindings(server, `spec.servers[${i}]`, namespace, inputs)),
  );
}

/** A server whose credentials are not there is not served. */
function credentialFindings(
  { tls }: GatewayServer,
  path: string,
  namespace: string,
  { secrets }: Inputs,
): Finding[] {
  const name = tls?.credentialName;
  if (name === undefined) return [];
  const found = credentialsIn(namespace, secrets)(name);
  const lacks = [
    ...(found?.certificate === undefined ? ['tls.crt'] : []),
    ...(found?.key === undefined ? ['tls.key'] : []),
    ...(tls?.mode === 'MUTUAL' && found?.ca === undefined ? ['ca.crt'] : []),
  ];
  if (lacks.length === 0) return [];
  const what = `the Secret ${namespace}/${name} is not there or lacks ${lacks.join(', ')}: the server is not served`;
  return [finding('UnknownSecret', `${path}.tls.credentialName`, what)];
}
