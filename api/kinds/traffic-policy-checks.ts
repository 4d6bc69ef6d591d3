/** What Istio refuses in a traffic policy, and what weft does not support of it. */
import { duplicateMistakes } from './host-checks.ts';
import type { Mistake } from './kind.ts';
import { loadBalancerMistakes } from './load-balancer-checks.ts';
import type {
  ClientTlsSettings,
  ConnectionPoolSettings,
  OutlierDetectionSettings,
  TrafficPolicy,
} from './traffic-policy.ts';

export function trafficPolicyMistakes(policy: TrafficPolicy | undefined, path: string): Mistake[] {
  if (policy === undefined) return [];
  const { portLevelSettings = [] } = policy;
  return [
    ...settingsMistakes(policy, path),
    ...portLevelSettings.flatMap((settings, i) =>
      settingsMistakes(settings, `${path}.portLevelSettings[${i}]`),
    ),
    ...duplicateMistakes(
      portLevelSettings.map(({ port }) => port.number),
      (i) => `${path}.portLevelSettings[${i}].port.number`,
    ),
  ];
}

type Settings = Pick<TrafficPolicy, 'loadBalancer' | 'connectionPool' | 'outlierDetection' | 'tls'>;

function settingsMistakes(
  { loadBalancer, connectionPool, outlierDetection, tls }: Settings,
  path: string,
): Mistake[] {
  return [
    ...(loadBalancer === undefined ? [] : loadBalancerMistakes(loadBalancer, `${path}.loadBalancer`)),
    ...(connectionPool === undefined ? [] : poolMistakes(connectionPool, `${path}.connectionPool`)),
    ...(outlierDetection === undefined ? [] : outlierMistakes(outlierDetection, `${path}.outlierDetection`)),
    ...(tls === undefined ? [] : tlsMistakes(tls, `${path}.tls`)),
  ];
}

function poolMistakes({ tcp, http }: ConnectionPoolSettings, path: string): Mistake[] {
  return tcp === undefined && http === undefined
    ? [{ path, message: 'must say something of tcp or http' }]
    : [];
}

function outlierMistakes(settings: OutlierDetectionSettings, path: string): Mistake[] {
  const mistakes: Mistake[] = [];
  if (settings.consecutiveErrors !== undefined && settings.consecutiveGatewayErrors !== undefined) {
    const message = 'is the older name of consecutiveGatewayErrors: say one';
    mistakes.push({ path: `${path}.consecutiveErrors`, message });
  }
  const split = settings.splitExternalLocalOriginErrors === true;
  if ((settings.consecutiveLocalOriginFailures ?? 0) > 0 && !split) {
    const message = 'needs splitExternalLocalOriginErrors';
    mistakes.push({ path: `${path}.consecutiveLocalOriginFailures`, message });
  }
  return mistakes;
}

const FILES = ['clientCertificate', 'privateKey', 'caCertificates'] as const;

export function tlsMistakes(tls: ClientTlsSettings, path: string): Mistake[] {
  const said = FILES.filter((field) => tls[field] !== undefined);
  const at = (field: keyof ClientTlsSettings, message: string): Mistake => ({
    path: `${path}.${field}`,
    message,
  });
  const mistakes = said
    .filter((field) => !tls[field]?.startsWith('/'))
    .map((field) => at(field, 'must be the absolute path of a file'));
  if (tls.mode === 'ISTIO_MUTUAL')
    mistakes.push(at('mode', 'ISTIO_MUTUAL needs identities of workloads, which weft does not issue yet'));
  if (tls.credentialName !== undefined)
    mistakes.push(...said.map((field) => at(field, 'comes from the Secret that credentialName names')));
  if (tls.mode === 'MUTUAL') mistakes.push(...mutualMistakes(tls, at));
  else if (tls.mode !== 'ISTIO_MUTUAL')
    mistakes.push(
      ...said
        .filter((field) => field !== 'caCertificates')
        .map((field) => at(field, 'is shown to the server in mode MUTUAL only')),
    );
  if (tls.insecureSkipVerify === true) mistakes.push(...unverifiedMistakes(tls, at));
  return mistakes;
}

type At = (field: keyof ClientTlsSettings, message: string) => Mistake;

function mutualMistakes(tls: ClientTlsSettings, at: At): Mistake[] {
  if (tls.credentialName !== undefined) return [];
  return (['clientCertificate', 'privateKey'] as const)
    .filter((field) => tls[field] === undefined)
    .map((field) => at(field, 'is required in mode MUTUAL, unless credentialName names a Secret'));
}

function unverifiedMistakes({ caCertificates, subjectAltNames }: ClientTlsSettings, at: At): Mistake[] {
  const mistakes: Mistake[] = [];
  if (caCertificates !== undefined)
    mistakes.push(at('caCertificates', 'means nothing with insecureSkipVerify'));
  if ((subjectAltNames ?? []).length > 0)
    mistakes.push(at('subjectAltNames', 'mean nothing with insecureSkipVerify'));
  return mistakes;
}
