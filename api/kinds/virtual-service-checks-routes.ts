import type { Check, Mistake } from './kind.ts';
import { isHost } from './mesh-name-checks.ts';
import type { Destination, HttpRoute, VirtualService } from './virtual-service.ts';

/** Envoy's limit: a weight is a uint32, and so is their sum. */
const MAX_TOTAL_WEIGHT = 0xffff_ffff;

type Weighted = { readonly weight?: number | undefined };

export const weightsAddUp: Check<VirtualService> = {
  name: 'weights leave traffic somewhere to go',
  check: ({ spec }) =>
    (['http', 'tls', 'tcp'] as const).flatMap((protocol) =>
      (spec[protocol] ?? []).flatMap(({ route = [] }, i) =>
        weightMistakes(route, `spec.${protocol}[${i}].route`),
      ),
    ),
};

function weightMistakes(destinations: readonly Weighted[], path: string): Mistake[] {
  if (destinations.length < 2) return [];
  const total = destinations.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (total > MAX_TOTAL_WEIGHT)
    return [{ path, message: `the weights add up to more than ${MAX_TOTAL_WEIGHT}` }];
  return total > 0 ? [] : [{ path, message: 'the weights add up to 0: give at least one a weight' }];
}

/** Istio's rules: what answers the request, and what else may be said beside that. */
export const routesHaveOneEnd: Check<VirtualService> = {
  name: 'a route ends in one of route, redirect, directResponse and delegate',
  check: ({ spec }) => (spec.http ?? []).flatMap((route, i) => endMistakes(route, `spec.http[${i}]`)),
};

type End = 'delegate' | 'redirect' | 'directResponse' | 'route';

function endMistakes(route: HttpRoute, path: string): Mistake[] {
  const ends = (['delegate', 'redirect', 'directResponse', 'route'] as const).filter((end) =>
    has(route, end),
  );
  const [end, ...others] = ends;
  if (end === undefined)
    return [{ path, message: 'one of route, redirect, directResponse and delegate is required' }];
  return [
    ...others.map((other) => ({ path: `${path}.${other}`, message: `cannot stand beside ${end}` })),
    ...besides(end)
      .filter((field) => route[field] !== undefined)
      .map((field) => ({ path: `${path}.${field}`, message: `cannot stand beside ${end}` })),
  ];
}

/** What makes no sense, or is not supported, beside an end. */
function besides(end: End): readonly (keyof HttpRoute)[] {
  return end === 'redirect' || end === 'directResponse' ? ['fault', 'rewrite', 'corsPolicy'] : [];
}

function has(route: HttpRoute, end: End): boolean {
  return end === 'route' ? (route.route ?? []).length > 0 : route[end] !== undefined;
}

export const delegatesAreOneLevel: Check<VirtualService> = {
  name: 'a VirtualService without hosts is a delegate: http routes alone, and none that delegates further',
  check: ({ spec }) => {
    const named = (spec.http ?? []).flatMap(({ delegate }, i): Mistake[] =>
      delegate !== undefined && !delegate.name
        ? [{ path: `spec.http[${i}].delegate.name`, message: 'is required' }]
        : [],
    );
    if ((spec.hosts ?? []).length > 0) return named;
    const fields = (['gateways', 'tls', 'tcp'] as const).filter((field) => (spec[field] ?? []).length > 0);
    return [
      ...fields.map((field) => ({
        path: `spec.${field}`,
        message: 'a delegate, which has no hosts, has none',
      })),
      ...(spec.http ?? []).flatMap(({ delegate }, i) =>
        delegate === undefined
          ? []
          : [{ path: `spec.http[${i}].delegate`, message: 'a delegate cannot delegate further' }],
      ),
    ];
  },
};

export const destinationsAreNames: Check<VirtualService> = {
  name: 'destinations are DNS names, and not wildcards',
  check: ({ spec }) =>
    destinationsOf(spec).flatMap(([path, { host, subset = '' }]): Mistake[] => [
      ...(isHost(host) && host !== '*' ? [] : [{ path: `${path}.host`, message: 'must be a DNS name' }]),
      ...(/^[-a-z0-9.]*$/i.test(subset) ? [] : [{ path: `${path}.subset`, message: 'must be a name' }]),
    ]),
};

function destinationsOf({ http = [], tls = [], tcp = [] }: VirtualService['spec']): [string, Destination][] {
  const routes = Object.entries({ http, tls, tcp }).flatMap(([protocol, list]) =>
    list.flatMap(({ route = [] }, i) =>
      route.map(({ destination }, j): [string, Destination] => [
        `spec.${protocol}[${i}].route[${j}].destination`,
        destination,
      ]),
    ),
  );
  const mirrors = http.flatMap(({ mirror, mirrors: more = [] }, i): [string, Destination][] => [
    ...(mirror === undefined ? [] : [[`spec.http[${i}].mirror`, mirror] as [string, Destination]]),
    ...more.map(({ destination }, j): [string, Destination] => [
      `spec.http[${i}].mirrors[${j}].destination`,
      destination,
    ]),
  ]);
  return [...routes, ...mirrors];
}
