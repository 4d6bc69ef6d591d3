import { z } from 'zod';
import { ALL_KINDS } from '#api/kinds/all.ts';
import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';

/**
 * As much OpenAPI as kubectl needs. Version 3 has the schemas (`kubectl explain`) and says that PATCH takes
 * `fieldValidation`, upon which kubectl leaves validation to the server. Version 2 is an empty document: older
 * kubectls insist on there being one, as protobuf, and then validate nothing themselves.
 */
const TITLE = 'weft';
const VERSION = 'v1';
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const GROUP_VERSIONS = [
  ...new Set(ALL_KINDS.flatMap((kind) => kind.versions.map((version) => apiVersionOf(kind, version)))),
];

function pathOf(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
}

export function openApiV3Index(): object {
  const paths = GROUP_VERSIONS.map((groupVersion) => [
    pathOf(groupVersion),
    { serverRelativeURL: `/openapi/v3/${pathOf(groupVersion)}` },
  ]);
  return { paths: Object.fromEntries(paths) };
}

const documents = new Map<string, object>();

/** The document of `/openapi/v3/apis/GROUP/VERSION`, made when it is first asked for. */
export function openApiV3Document(path: string): object | undefined {
  const groupVersion = GROUP_VERSIONS.find((known) => `/openapi/v3/${pathOf(known)}` === path);
  if (groupVersion === undefined) return undefined;
  const known = documents.get(groupVersion);
  if (known !== undefined) return known;
  const document = build(groupVersion);
  documents.set(groupVersion, document);
  return document;
}

function build(groupVersion: string): object {
  const kinds = ALL_KINDS.filter((kind) =>
    kind.versions.some((version) => apiVersionOf(kind, version) === groupVersion),
  );
  const version = groupVersion.slice(groupVersion.lastIndexOf('/') + 1);
  return {
    openapi: '3.0.0',
    info: { title: TITLE, version: VERSION },
    paths: Object.fromEntries(
      kinds.map((kind) => [objectPath(kind, groupVersion), patchable(kind, version)]),
    ),
    components: {
      schemas: Object.fromEntries(kinds.map((kind) => [schemaName(kind), schema(kind, version)])),
    },
  };
}

function objectPath(kind: AnyKind, groupVersion: string): string {
  const scope = kind.namespaced ? '/namespaces/{namespace}' : '';
  return `/${pathOf(groupVersion)}${scope}/${kind.plural}/{name}`;
}

function gvkOf(kind: AnyKind, version: string): object {
  return { group: kind.group, version, kind: kind.kind };
}

function schemaName(kind: AnyKind): string {
  return `dev.weft.${kind.group === '' ? 'core' : kind.group}.${kind.kind}`;
}

function patchable(kind: AnyKind, version: string): object {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }));
  const operation = {
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': gvkOf(kind, version),
    parameters,
    responses: { 200: { description: 'OK' } },
  };
  return { get: { ...operation, 'x-kubernetes-action': 'get' }, patch: operation };
}

function schema(kind: AnyKind, version: string): object {
  const { $schema: _, ...rest } = z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' });
  return { ...rest, 'x-kubernetes-group-version-kind': [gvkOf(kind, version)] };
}

export function openApiV2Json(): object {
  return { swagger: '2.0', info: { title: TITLE, version: VERSION }, paths: {}, definitions: {} };
}

/** The same, as a gnostic `openapi.v2.Document`: swagger = 1, info = 2 (title = 1, version = 2), paths = 8. */
export function openApiV2Protobuf(): Buffer {
  const info = [...field(1, TITLE), ...field(2, VERSION)];
  return Buffer.from([...field(1, '2.0'), 0x12, info.length, ...info, 0x42, 0]);
}

function field(number: number, text: string): number[] {
  return [(number << 3) | 2, text.length, ...Buffer.from(text)];
}
