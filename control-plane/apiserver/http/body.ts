import type { IncomingMessage } from 'node:http';
import { parseDocument } from 'yaml';
import { messageOf } from '#api/foundation/errors.ts';
import { requireShallow } from '../registry/depth.ts';
import { badRequest, tooLarge, unsupportedMediaType } from '../registry/statuses.ts';
import type { ApiRequest } from './exchange.ts';

/** kube-apiserver's limit of a request body. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml'];
const OBJECT_TYPES = ['application/json', 'application/yaml'];

/** Reads the whole body, and stops reading at the limit. Throws `RequestEntityTooLarge`. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY_BYTES)
    throw tooLarge('the request', MAX_BODY_BYTES);
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw unsupportedMediaType(`Content-Encoding: ${encoding}`, ['identity']);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge('the request', MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `application/json; charset=utf-8` → `application/json`; '' when the client said nothing, as some kubectls do. */
export function mediaTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** An object in JSON or YAML, by its Content-Type. Throws `UnsupportedMediaType` or `BadRequest`. */
export async function objectIn(request: ApiRequest): Promise<unknown> {
  const type = mediaTypeOf(request);
  if (type === '' || type === 'application/json') return parseJson(await textIn(request));
  if (YAML_TYPES.includes(type)) return parseYaml(await textIn(request));
  throw unsupportedMediaType(type, OBJECT_TYPES);
}

/** A patch: JSON, whatever its type is called. */
export async function jsonIn(request: ApiRequest): Promise<unknown> {
  return parseJson(await textIn(request));
}

/** Undefined for an empty body. */
export async function optionalObjectIn(request: ApiRequest): Promise<unknown> {
  const text = await textIn(request);
  return text.trim() === ''
    ? undefined
    : YAML_TYPES.includes(mediaTypeOf(request))
      ? parseYaml(text)
      : parseJson(text);
}

async function textIn(request: ApiRequest): Promise<string> {
  const bytes = await request.body();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('the body of the request is not UTF-8');
  }
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body of the request is not JSON: ${messageOf(error)}`);
  }
  return requireShallow(value);
}

/** YAML 1.2, one document; aliases cannot blow it up. */
function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { uniqueKeys: true, logLevel: 'error' });
    const mistake = document.errors[0];
    if (mistake !== undefined) throw mistake;
    return requireShallow(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    throw badRequest(`the body of the request is not YAML: ${messageOf(error).split('\n')[0]}`);
  }
}
