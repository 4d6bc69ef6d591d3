/** What a rule writes into the head of a message must not end a line or change where the message ends. */
import { FRAMING_HEADERS, MAX_HEADER_LENGTH, PEER_METADATA_HEADER } from '#api/mesh/header-rules.ts';
import type { Check, Mistake } from './kind.ts';
import type { HeaderEdits, HeaderOperations, VirtualService } from './virtual-service.ts';

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable ASCII and tabs: other octets mean different things to different readers. */
const VALUE = /^[\t\x20-\x7e]*$/;
const AUTHORITY = /^[0-9A-Za-z._~!$&'()*+,;=:[\]-]+$/;

export const headerEditsAreSafe: Check<VirtualService> = {
  name: 'headers that are set, added or removed are well formed and not of the framing',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i) => {
      const path = `spec.http[${i}]`;
      return [
        ...editMistakes(route.headers, `${path}.headers`),
        ...(route.route ?? []).flatMap(({ headers }, j) =>
          editMistakes(headers, `${path}.route[${j}].headers`),
        ),
      ];
    }),
};

export const authorityIsSetOnce: Check<VirtualService> = {
  name: 'the authority is rewritten in one place',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i): Mistake[] => {
      const written = [
        ...(route.rewrite?.authority ? ['rewrite.authority'] : []),
        ...(['set', 'add'] as const).flatMap((kind) =>
          Object.keys(route.headers?.request?.[kind] ?? {})
            .filter(isAuthority)
            .map((name) => `headers.request.${kind}[${name}]`),
        ),
      ];
      return written.slice(1).map((path) => ({
        path: `spec.http[${i}].${path}`,
        message: `${written[0]} sets the authority already`,
      }));
    }),
};

export function isAuthorityText(text: string): boolean {
  return text.length <= MAX_HEADER_LENGTH && AUTHORITY.test(text);
}

function editMistakes(edits: HeaderEdits | undefined, path: string): Mistake[] {
  return (['request', 'response'] as const).flatMap((side) =>
    sideMistakes(edits?.[side] ?? {}, side === 'request', `${path}.${side}`),
  );
}

function sideMistakes(
  { set = {}, add = {}, remove = [] }: HeaderOperations,
  ofRequest: boolean,
  path: string,
): Mistake[] {
  const lines = Object.entries({ set, add }).flatMap(([kind, headers]) =>
    Object.entries(headers).map(([name, value]) => ({ name, value, path: `${path}.${kind}[${name}]` })),
  );
  return [
    ...lines.flatMap((line) => lineMistakes(line, ofRequest)),
    ...remove.flatMap((name, i) => nameMistakes(name, `${path}.remove[${i}]`)),
  ];
}

function lineMistakes(
  { name, value, path }: { name: string; value: string; path: string },
  ofRequest: boolean,
): Mistake[] {
  if (ofRequest && isAuthority(name)) {
    return isAuthorityText(value) ? [] : [{ path, message: 'must be a host, perhaps with a port' }];
  }
  return [...nameMistakes(name, path), ...valueMistakes(value, path)];
}

function nameMistakes(name: string, path: string): Mistake[] {
  if (isAuthority(name)) return [{ path, message: 'the host of a request can only be set' }];
  if (name.length > MAX_HEADER_LENGTH || !TOKEN.test(name))
    return [{ path, message: 'must be the name of a header' }];
  if (name.toLowerCase() === PEER_METADATA_HEADER) return [{ path, message: `${name} is the sidecars' own` }];
  return FRAMING_HEADERS.has(name.toLowerCase())
    ? [{ path, message: `${name} belongs to the framing and cannot be changed` }]
    : [];
}

/** Envoy reads `%NAME%` in a value; weft knows none of its names yet, so only `%%` may stand there. */
function valueMistakes(value: string, path: string): Mistake[] {
  if (value.length > MAX_HEADER_LENGTH || !VALUE.test(value))
    return [{ path, message: `must be printable ASCII of at most ${MAX_HEADER_LENGTH} characters` }];
  return value.replaceAll('%%', '').includes('%')
    ? [{ path, message: 'a percent sign is written %%; %COMMANDS% are not supported' }]
    : [];
}

function isAuthority(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}
