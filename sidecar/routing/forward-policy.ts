import type { PathRewrite } from './compile-path-rewrite.ts';
import type { HeaderEdits } from './header-edits.ts';
import type { ForwardDecision } from './route-table.ts';
import { requestEditsOf, responseEditsOf, type Scope } from './scope.ts';

/** Everything of a decision but the cluster, which may come and go. */
export interface ForwardPolicy extends Required<Omit<ForwardDecision, 'kind' | 'cluster'>> {
  /** Status when the cluster is not there (Envoy's cluster_not_found_response_code). */
  readonly notFoundStatus: number;
}

/** What a route's action says by itself, before its scope is heard. */
export interface RoutePolicy
  extends Omit<ForwardPolicy, 'requestEdits' | 'responseEdits' | 'rewrite' | 'fault' | 'cors'> {
  readonly path: PathRewrite | undefined;
  readonly authority: string | undefined;
}

/** Joins what an action says with the edits and filters of its scope. A host among the edits is the last word. */
export function forwardPolicy(policy: RoutePolicy, scope: Scope): ForwardPolicy {
  const { path, authority: rewritten, ...rest } = policy;
  const { authority = rewritten, edits } = takeHost(requestEditsOf(scope));
  return {
    ...rest,
    rewrite: path === undefined && authority === undefined ? undefined : { path, authority },
    requestEdits: edits,
    responseEdits: responseEditsOf(scope),
    fault: scope.filters.fault,
    cors: scope.filters.cors,
  };
}

/** The host is no header line like others: it is rewritten. */
function takeHost(edits: HeaderEdits | undefined): { authority?: string; edits: HeaderEdits | undefined } {
  const host = edits?.set.find(({ name }) => name === 'host');
  if (edits === undefined || host === undefined) return { edits };
  const set = edits.set.filter((line) => line !== host);
  const left = set.length + edits.remove.length + edits.add.length;
  return {
    authority: host.value,
    edits: left === 0 ? undefined : { ...edits, set },
  };
}
