import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import { allQuestions, questionsOfRule } from '../routes/audience.ts';
import type { DestinationContext } from '../routes/destination.ts';
import type { ResolvedRule } from '../routes/resolved-rule.ts';
import { Varied, type VariedResource } from '../varied.ts';
import { opaqueChains } from './opaque-chains.ts';
import { serviceListener } from './outbound-listeners.ts';

/** The listener of a service's own address, as each sidecar gets it; none for HTTP and without an address. */
export function serviceListeners(
  service: MeshService,
  port: MeshPort,
  rules: readonly ResolvedRule[],
  context: DestinationContext,
): VariedResource[] {
  if (service.vip === undefined || port.protocol === 'http') return [];
  const speaking = rules.filter((rule) => (port.protocol === 'tls' ? rule.tls : rule.tcp).length > 0);
  const content = new Varied(allQuestions(speaking.map(questionsOfRule)), (reader) =>
    serviceListener(service, port, opaqueChains(service, port, speaking, context, reader)),
  );
  return [{ name: `${service.vip}_${port.number}`, content }];
}
