/**
 * Whether a pod gets a sidecar, by Istio's precedence: the pod's own word (label, else annotation
 * `sidecar.istio.io/inject`) goes before its namespace's label `istio-injection`. Unlike on a cluster shared with
 * others, the answer without any word is yes: the machine is the mesh's.
 */
export const INJECT_KEY = 'sidecar.istio.io/inject';
export const NAMESPACE_LABEL = 'istio-injection';

export interface InjectionInputs {
  readonly podLabels: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

export function wantsSidecar(inputs: InjectionInputs): boolean {
  const own = truth(inputs.podLabels[INJECT_KEY]) ?? truth(inputs.podAnnotations[INJECT_KEY]);
  return own ?? inputs.namespaceLabels[NAMESPACE_LABEL] !== 'disabled';
}

/** YAML 1.1's words for yes and no, as Istio reads them; other words do not count. */
function truth(word: string | undefined): boolean | undefined {
  if (word === undefined) return undefined;
  if (/^(true|yes|y|on)$/i.test(word)) return true;
  return /^(false|no|n|off)$/i.test(word) ? false : undefined;
}
