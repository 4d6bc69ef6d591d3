/** Gateways and delegates that a VirtualService names and that are not there or not for it. */
import type { Stored } from '#api/kinds/meta.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import type { Inputs } from '../model/inputs.ts';
import { mergeMatches } from '../routes/delegate-merge.ts';
import { gatewayKey, MESH } from '../routes/reader.ts';
import { delegateKey, findDelegate } from '../routes/resolved-rule.ts';
import { type Finding, finding } from './finding.ts';

export function gatewayFindings(rule: Stored<VirtualService>, inputs: Inputs): Finding[] {
  return gatewaysOf(rule).flatMap(({ path, key }) =>
    key === MESH || inputs.gateways.has(key)
      ? []
      : [finding('UnknownGateway', path, `no Gateway is named ${key}`)],
  );
}

/** Every Gateway that the rule names, with the place. */
export function gatewaysOf({ metadata, spec }: Stored<VirtualService>): { path: string; key: string }[] {
  const namespace = metadata.namespace ?? 'default';
  const named = (path: string, names: readonly string[] = []) =>
    names.map((name, i) => ({ path: `${path}.gateways[${i}]`, key: gatewayKey(name, namespace) }));
  const inMatches = (['http', 'tls', 'tcp'] as const).flatMap((protocol) =>
    (spec[protocol] ?? []).flatMap(({ match = [] }, i) =>
      match.flatMap(({ gateways }, j) => named(`spec.${protocol}[${i}].match[${j}]`, gateways)),
    ),
  );
  return [...named('spec', spec.gateways), ...inMatches];
}

export function delegateFindings(rule: Stored<VirtualService>, inputs: Inputs): Finding[] {
  const namespace = rule.metadata.namespace ?? 'default';
  return (rule.spec.http ?? []).flatMap((root, i) => {
    const key = delegateKey(root, namespace);
    if (key === undefined) return [];
    const path = `spec.http[${i}].delegate`;
    const delegate = findDelegate(key, namespace, { rule: (name) => inputs.virtualServices.get(name) });
    if (delegate === undefined) {
      const what = `no VirtualService ${key} without hosts is exported to ${namespace}`;
      return [finding('UnknownDelegate', path, what)];
    }
    return (delegate.spec.http ?? []).flatMap((leaf, j) =>
      mergeMatches(root.match ?? [], leaf.match ?? []) === undefined
        ? [finding('DelegateConflict', path, `http[${j}] of ${key} matches what this route does not`)]
        : [],
    );
  });
}
