import type { HeaderMatch } from '#api/kinds/istio-values.ts';
import type { HttpMatch } from '#api/kinds/virtual-service.ts';

/** Whether a delegate's match contradicts nothing that the root's asks for (Istio's rules for delegates). */
export function isWithin(inner: HttpMatch, outer: HttpMatch): boolean {
  return (
    valueFields(outer).every((value, i) => narrows(valueFields(inner)[i], value)) &&
    mapNarrows(inner.headers, outer.headers) &&
    mapNarrows(inner.withoutHeaders, outer.withoutHeaders) &&
    mapNarrows(inner.queryParams, outer.queryParams) &&
    (inner.ignoreUriCase ?? false) === (outer.ignoreUriCase ?? false) &&
    agree(inner.port, outer.port) &&
    agree(inner.sourceNamespace || undefined, outer.sourceNamespace || undefined) &&
    Object.entries(inner.sourceLabels ?? {}).every(([key, value]) =>
      agree(value, outer.sourceLabels?.[key]),
    ) &&
    gatewaysNarrow(inner.gateways ?? [], outer.gateways ?? [])
  );
}

function valueFields({ uri, scheme, method, authority }: HttpMatch): (HeaderMatch | undefined)[] {
  return [uri, scheme, method, authority];
}

function mapNarrows(
  inner: Readonly<Record<string, HeaderMatch>> = {},
  outer: Readonly<Record<string, HeaderMatch>> = {},
): boolean {
  return Object.entries(inner).every(([name, value]) => narrows(value, outer[name]));
}

/** A pattern cannot be compared with another: two at one place contradict each other. */
function narrows(inner: HeaderMatch | undefined, outer: HeaderMatch | undefined): boolean {
  if (inner === undefined || outer === undefined) return true;
  if ('exact' in outer) return 'exact' in inner && inner.exact === outer.exact;
  if (!('prefix' in outer)) return false;
  if ('exact' in inner) return inner.exact.startsWith(outer.prefix);
  return 'prefix' in inner && inner.prefix.startsWith(outer.prefix);
}

function agree<T>(inner: T | undefined, outer: T | undefined): boolean {
  return inner === undefined || outer === undefined || inner === outer;
}

function gatewaysNarrow(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.length === 0 || outer.length === 0 || inner.every((gateway) => outer.includes(gateway));
}
