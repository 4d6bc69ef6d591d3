/**
 * Services without an address of their own (ServiceEntries for wildcards, for networks, or with resolution NONE) share
 * the listener of their port: their connections are told apart by the network that they go to, or by the name in the
 * TLS greeting. One that neither tells apart takes what is left if it lets it through as addressed (NONE); any other
 * would take what is meant for somebody else.
 */
import { isExported } from '../model/export-to.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import { allQuestions, exportQuestions, questionsAbout, questionsOfRule } from '../routes/audience.ts';
import type { DestinationContext } from '../routes/destination.ts';
import type { ResolvedRule } from '../routes/resolved-rule.ts';
import { Varied } from '../varied.ts';
import { type FilterChain, opaqueChains, tlsMatch, within } from './opaque-chains.ts';

export interface PortChains {
  readonly chains: readonly FilterChain[];
  /** Undefined: nothing but the above. */
  readonly rest: FilterChain | undefined;
}

export type SharedChains = Varied<PortChains>;

const NOTHING: PortChains = { chains: [], rest: undefined };

/** Undefined for a service whose connections all come to listeners of its own, or by authority. */
export function sharedChains(
  service: MeshService,
  port: MeshPort,
  rules: readonly ResolvedRule[],
  context: DestinationContext,
): SharedChains | undefined {
  const networks = service.addresses.filter((address) => address.includes('/'));
  if (service.source !== 'ServiceEntry' || port.protocol === 'http') return undefined;
  const told = port.protocol === 'tls' || service.resolution === 'NONE';
  if (networks.length === 0 && (service.vip !== undefined || !told)) return undefined;
  const { exportTo, namespace } = service;
  const questions = [questionsAbout(exportQuestions(exportTo, namespace)), ...rules.map(questionsOfRule)];
  return new Varied(allQuestions(questions), (reader) => {
    if (!isExported(exportTo, namespace, reader.namespace)) return NOTHING;
    const { chains, rest } = opaqueChains(service, port, rules, context, reader);
    const narrowed = chains.map((chain) => narrow(chain, networks));
    if (port.protocol === 'tls') {
      const own = { ...rest, filterChainMatch: { ...tlsMatch([service.host]), ...within(networks) } };
      return { chains: [...narrowed, own], rest: undefined };
    }
    return networks.length === 0
      ? { chains: narrowed, rest }
      : { chains: [...narrowed, { ...rest, filterChainMatch: within(networks) }], rest: undefined };
  });
}

/** A rule's own networks stand in place of the service's (Istio). */
function narrow(chain: FilterChain, networks: readonly string[]): FilterChain {
  const { filterChainMatch: match = {} } = chain;
  return (match.prefixRanges ?? []).length > 0
    ? chain
    : { ...chain, filterChainMatch: { ...(match as object), ...within(networks) } };
}
