/** A host's part in the route configurations of the ports that it is reached on. */
import { isExported } from '../model/export-to.ts';
import type { Inputs } from '../model/inputs.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import { Varied, type VariedResource } from '../varied.ts';
import {
  allQuestions,
  exportQuestions,
  type Questions,
  questionsAbout,
  questionsOfRule,
} from './audience.ts';
import type { DestinationContext } from './destination.ts';
import { hashQuestions } from './destination-questions.ts';
import { serviceDomains } from './domains.ts';
import type { Reader } from './reader.ts';
import type { ResolvedRule } from './resolved-rule.ts';
import { type EncodedVirtualHost, encodeVirtualHost, routeConfiguration } from './route-configuration.ts';
import { foreignVirtualHost, virtualHost } from './virtual-host.ts';

/** Undefined for a reader that the host is not for. */
export type HostRoutes = Varied<EncodedVirtualHost | undefined>;

/** Among the hosts of an HTTP port: told apart by authority. */
export function sharedRoutes(
  service: MeshService,
  port: MeshPort,
  rules: readonly ResolvedRule[],
  inputs: Inputs,
  context: DestinationContext,
): HostRoutes {
  const { namespace, exportTo, host } = service;
  const questions = allQuestions([
    questionsAbout([namespace, ...exportQuestions(exportTo, namespace)]),
    ...ruleQuestions(host, rules, inputs),
  ]);
  return new Varied(questions, (reader) => {
    if (!isExported(exportTo, namespace, reader.namespace)) return undefined;
    const domains = serviceDomains(service, port.number, reader.namespace === namespace);
    return encodeVirtualHost(virtualHost(host, port.number, domains, rules, context, reader));
  });
}

/** The listener is the service's own, so whatever authority the client says means it. */
export function detectedRoutes(
  name: string,
  service: MeshService,
  port: MeshPort,
  rules: readonly ResolvedRule[],
  inputs: Inputs,
  context: DestinationContext,
): VariedResource {
  const { host } = service;
  const make = (reader: Reader) =>
    routeConfiguration(name, [
      encodeVirtualHost(virtualHost(host, port.number, ['*'], rules, context, reader)),
    ]);
  return { name, content: new Varied(allQuestions(ruleQuestions(host, rules, inputs)), make) };
}

/** For a claimed name that is no service. */
export function foreignRoutes(
  host: string,
  port: number,
  rules: readonly ResolvedRule[],
  inputs: Inputs,
  context: DestinationContext,
): HostRoutes {
  return new Varied(allQuestions(ruleQuestions(host, rules, inputs)), (reader) => {
    const found = foreignVirtualHost(host, port, rules, context, reader);
    return found && encodeVirtualHost(found);
  });
}

function ruleQuestions(host: string, rules: readonly ResolvedRule[], inputs: Inputs): Questions[] {
  return [...rules.map(questionsOfRule), hashQuestions(host, rules, inputs.destinationRules)];
}
