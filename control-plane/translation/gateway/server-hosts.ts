/**
 * Which hosts of a VirtualService a Gateway's server takes: `HOST` and `NAMESPACE/HOST`, where either side may be a
 * wildcard. What both mean is the more specific of the two names (Istio).
 */
import { isWildcard, wildcardCovers } from '../model/host-match.ts';

interface ServerHost {
  /** `*`: of every namespace. */
  readonly namespace: string;
  readonly host: string;
}

/** `home` is the Gateway's namespace, which `./HOST` means. */
export function parseServerHost(text: string, home: string): ServerHost {
  const slash = text.indexOf('/');
  if (slash < 0) return { namespace: '*', host: text.toLowerCase() };
  const namespace = text.slice(0, slash);
  return { namespace: namespace === '.' ? home : namespace, host: text.slice(slash + 1).toLowerCase() };
}

/** The names that both sides mean, each once. */
export function commonHosts(
  serverHosts: readonly string[],
  home: string,
  rule: { readonly namespace: string; readonly hosts: readonly string[] },
): string[] {
  const found = serverHosts
    .map((text) => parseServerHost(text, home))
    .filter(({ namespace }) => namespace === '*' || namespace === rule.namespace)
    .flatMap(({ host }) => rule.hosts.flatMap((name) => intersection(host, name.toLowerCase()) ?? []));
  return [...new Set(found)];
}

function intersection(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

function covers(general: string, special: string): boolean {
  if (general === special || general === '*') return true;
  if (!isWildcard(general)) return false;
  return isWildcard(special) ? special.slice(1).endsWith(general.slice(1)) : wildcardCovers(general, special);
}
