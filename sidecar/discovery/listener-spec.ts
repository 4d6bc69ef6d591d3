import type { RouteTable } from '#sidecar/routing/route-table.ts';

/** Where a chain's routes come from. */
export type RouteSource =
  | { readonly kind: 'rds'; readonly name: string }
  | { readonly kind: 'inline'; readonly table: RouteTable };

/** What happens to a connection, in names: the live clusters and routes are looked up when it comes. */
export type TargetSpec =
  | { readonly protocol: 'http'; readonly routes: RouteSource }
  | { readonly protocol: 'tcp'; readonly cluster: string }
  | { readonly protocol: 'detect'; readonly routes: RouteSource; readonly cluster: string };

/** A Listener resource that can be run. */
export type ListenerSpec =
  /** Outbound connections that no other listener wants. */
  | { readonly kind: 'virtual-outbound'; readonly name: string; readonly target: TargetSpec }
  /** Outbound connections to one address and port; address '' is any. */
  | {
      readonly kind: 'outbound';
      readonly name: string;
      readonly address: string;
      readonly port: number;
      readonly target: TargetSpec;
    }
  /** Inbound connections by port; `rest` is for the ports without a chain. */
  | {
      readonly kind: 'virtual-inbound';
      readonly name: string;
      readonly ports: ReadonlyMap<number, TargetSpec>;
      readonly rest: TargetSpec | undefined;
    };

/** Every target of a listener. */
export function targetsOf(spec: ListenerSpec): TargetSpec[] {
  if (spec.kind !== 'virtual-inbound') return [spec.target];
  return [...spec.ports.values(), ...(spec.rest === undefined ? [] : [spec.rest])];
}

/** The route configurations that it waits for. */
export function routeNamesOf(spec: ListenerSpec): string[] {
  return targetsOf(spec).flatMap((target) =>
    target.protocol !== 'tcp' && target.routes.kind === 'rds' ? [target.routes.name] : [],
  );
}
