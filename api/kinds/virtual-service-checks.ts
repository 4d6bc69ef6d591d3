import type { Check, Mistake } from './kind.ts';
import { regexProblem } from './regex-checks.ts';
import type { HttpMatch, VirtualService } from './virtual-service.ts';

/** Envoy's limit: a weight is a uint32, and so is their sum. */
const MAX_TOTAL_WEIGHT = 0xffff_ffff;

const weightsAddUp: Check<VirtualService> = {
  name: 'weights leave traffic somewhere to go',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i): Mistake[] => {
      const destinations = route.route ?? [];
      if (destinations.length < 2) return [];
      const total = destinations.reduce((sum, destination) => sum + (destination.weight ?? 0), 0);
      const path = `spec.http[${i}].route`;
      if (total > MAX_TOTAL_WEIGHT)
        return [{ path, message: `the weights add up to more than ${MAX_TOTAL_WEIGHT}` }];
      return total > 0 ? [] : [{ path, message: 'the weights add up to 0: give at least one a weight' }];
    }),
};

const somethingToRoute: Check<VirtualService> = {
  name: 'there is at least one route',
  check: ({ spec }) =>
    (spec.http ?? []).length > 0
      ? []
      : [{ path: 'spec.http', message: 'at least one http route is required' }],
};

const headersAreLowerCase: Check<VirtualService> = {
  name: 'header names are lower case, as Istio asks, and not pseudo-headers',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i) =>
      (route.match ?? []).flatMap((match, m) =>
        (['headers', 'withoutHeaders'] as const).flatMap((field) =>
          Object.keys(match[field] ?? {}).flatMap((name): Mistake[] =>
            /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)
              ? []
              : [
                  {
                    path: `spec.http[${i}].match[${m}].${field}[${name}]`,
                    message: 'must be a header name in lower case',
                  },
                ],
          ),
        ),
      ),
    ),
};

/** A DNS name, or one below `*.`; proxies refuse wildcards anywhere else. */
const HOST =
  /^(?:\*|(?:\*\.)?[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?)*)$/i;
const MAX_HOST_LENGTH = 253;

const hostsAreNames: Check<VirtualService> = {
  name: 'hosts are DNS names, with * as their first label at most',
  check: ({ spec }) =>
    (spec.hosts ?? []).flatMap((host, i) =>
      host.length <= MAX_HOST_LENGTH && HOST.test(host)
        ? []
        : [{ path: `spec.hosts[${i}]`, message: 'must be a DNS name, or one that begins with *.' }],
    ),
};

const regexesCompile: Check<VirtualService> = {
  name: 'regular expressions are RE2 and not too complex',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i) =>
      (route.match ?? []).flatMap((match, m) =>
        regexesOf(match).flatMap(([field, regex]): Mistake[] => {
          const message = regexProblem(regex);
          return message === undefined
            ? []
            : [{ path: `spec.http[${i}].match[${m}].${field}.regex`, message }];
        }),
      ),
    ),
};

/** Every pattern of a match, with its field. */
function regexesOf(match: HttpMatch): [string, string][] {
  const { uri, method, authority, headers = {}, withoutHeaders = {} } = match;
  const fields = [
    ...Object.entries({ uri, method, authority }),
    ...Object.entries(headers).map(([name, value]) => [`headers[${name}]`, value] as const),
    ...Object.entries(withoutHeaders).map(([name, value]) => [`withoutHeaders[${name}]`, value] as const),
  ];
  return fields.flatMap(([field, value]): [string, string][] =>
    value !== undefined && 'regex' in value ? [[field, value.regex]] : [],
  );
}

export const virtualServiceChecks: readonly Check<VirtualService>[] = [
  somethingToRoute,
  weightsAddUp,
  headersAreLowerCase,
  hostsAreNames,
  regexesCompile,
];
