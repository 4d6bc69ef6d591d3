import { isExported } from '../model/export-to.ts';
import type { Inputs } from '../model/inputs.ts';
import { type MeshPort, type MeshService, rankOf } from '../model/mesh-service.ts';
import { allQuestions, exportQuestions, questionsAbout, questionsOfRule } from '../routes/audience.ts';
import type { DestinationContext } from '../routes/destination.ts';
import { limitQuestions } from '../routes/destination-questions.ts';
import type { ResolvedRule } from '../routes/resolved-rule.ts';
import { Varied, type VariedResource } from '../varied.ts';
import { opaqueChains } from './opaque-chains.ts';
import { serviceListener } from './outbound-listeners.ts';

/** The listeners of a service's own addresses, as each sidecar gets them; none for HTTP. */
export function serviceListeners(
  service: MeshService,
  port: MeshPort,
  rules: readonly ResolvedRule[],
  inputs: Inputs,
  context: DestinationContext,
): VariedResource[] {
  if (port.protocol === 'http') return [];
  const speaking = rules.filter((rule) => (port.protocol === 'tls' ? rule.tls : rule.tcp).length > 0);
  const { exportTo, namespace } = service;
  const questions = allQuestions([
    questionsAbout(exportQuestions(exportTo, namespace)),
    ...speaking.map(questionsOfRule),
    limitQuestions(service.host, speaking, inputs.destinationRules),
  ]);
  return service.addresses
    .filter((address) => !address.includes('/') && isOwn(address, service, inputs))
    .map((address) => ({
      name: `${address}_${port.number}`,
      content: new Varied(questions, (reader) =>
        isExported(exportTo, namespace, reader.namespace)
          ? serviceListener(service, address, port, opaqueChains(service, port, speaking, context, reader))
          : undefined,
      ),
      rank: rankOf(service),
    }));
}

/** A ServiceEntry that names a Service's address would take its connections, in every namespace. */
function isOwn(address: string, { source }: MeshService, inputs: Inputs): boolean {
  return source === 'Service' || inputs.serviceAt(address) === undefined;
}
