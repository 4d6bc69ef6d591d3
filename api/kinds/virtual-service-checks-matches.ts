import type { HeaderMatch } from './istio-values.ts';
import type { Check, Mistake } from './kind.ts';
import { gatewayNameMistakes, isLabel } from './mesh-name-checks.ts';
import { regexProblem } from './regex-checks.ts';
import type { HttpMatch, VirtualService } from './virtual-service.ts';

/** A check of every match of the http routes, with its path. */
function onMatches(
  name: string,
  check: (match: HttpMatch, path: string) => Mistake[],
): Check<VirtualService> {
  return {
    name,
    check: ({ spec }) =>
      (spec.http ?? []).flatMap((route, i) =>
        (route.match ?? []).flatMap((match, m) => check(match, `spec.http[${i}].match[${m}]`)),
      ),
  };
}

/** Tokens in lower case; of a request's pseudo-headers those that can be matched. */
const MATCHED_HEADER = /^(?::method|:path|:authority|:scheme|[a-z0-9!#$%&'*+.^_`|~-]+)$/;

export const headersAreLowerCase = onMatches('header names are lower case, as Istio asks', (match, path) =>
  (['headers', 'withoutHeaders'] as const).flatMap((field) =>
    Object.keys(match[field] ?? {}).flatMap((name): Mistake[] =>
      MATCHED_HEADER.test(name)
        ? []
        : [{ path: `${path}.${field}[${name}]`, message: 'must be a header name in lower case' }],
    ),
  ),
);

export const queryParametersHaveNames = onMatches('query parameters have a name', ({ queryParams }, path) =>
  Object.keys(queryParams ?? {}).includes('')
    ? [{ path: `${path}.queryParams[]`, message: 'must not be empty' }]
    : [],
);

export const regexesCompile = onMatches('regular expressions are RE2 and not too complex', (match, path) =>
  valuesOf(match).flatMap(([field, value]): Mistake[] => {
    if (!('regex' in value)) return [];
    if (value.regex === '*' && field.startsWith('withoutHeaders')) return [];
    const message = regexProblem(value.regex);
    return message === undefined ? [] : [{ path: `${path}.${field}.regex`, message }];
  }),
);

export const readersAreNamed = onMatches('gateways and source namespaces are names', (match, path) => [
  ...gatewayNameMistakes(match.gateways, path),
  ...(match.sourceNamespace === undefined || match.sourceNamespace === '' || isLabel(match.sourceNamespace)
    ? []
    : [{ path: `${path}.sourceNamespace`, message: 'must be the name of a namespace' }]),
]);

/** Every value that a match compares with, by its field. */
function valuesOf(match: HttpMatch): [string, HeaderMatch][] {
  const { uri, scheme, method, authority } = match;
  const maps = (['headers', 'withoutHeaders', 'queryParams'] as const).flatMap((field) =>
    Object.entries(match[field] ?? {}).map(([name, value]): [string, HeaderMatch] => [
      `${field}[${name}]`,
      value,
    ]),
  );
  const single = Object.entries({ uri, scheme, method, authority }).flatMap(
    ([field, value]): [string, HeaderMatch][] => (value === undefined ? [] : [[field, value]]),
  );
  return [...single, ...maps];
}
