/** Istio's `exportTo`: in which namespaces an object is seen. Nothing said: in all. */
export function isExported(
  exportTo: readonly string[] | undefined,
  home: string,
  namespace: string,
): boolean {
  if (exportTo === undefined || exportTo.length === 0) return true;
  return exportTo.some((word) => word === '*' || word === namespace || (word === '.' && namespace === home));
}

/** Kubernetes Services say it in an annotation, comma separated. */
export const EXPORT_TO_ANNOTATION = 'networking.istio.io/exportTo';

export function exportToOf(annotations: Readonly<Record<string, string>> | undefined): string[] {
  return (annotations?.[EXPORT_TO_ANNOTATION] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
