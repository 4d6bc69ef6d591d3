import type { Inputs } from '../model/inputs.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import { allQuestions, questionsOfRule } from '../routes/audience.ts';
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
  const questions = allQuestions([
    ...speaking.map(questionsOfRule),
    limitQuestions(service.host, speaking, inputs.destinationRules),
  ]);
  return service.addresses
    .filter((address) => !address.includes('/'))
    .map((address) => ({
      name: `${address}_${port.number}`,
      content: new Varied(questions, (reader) =>
        serviceListener(service, address, port, opaqueChains(service, port, speaking, context, reader)),
      ),
    }));
}
