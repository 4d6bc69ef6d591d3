import { ApiError, type Status } from '#api/client/client.ts';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import type { AnyKind, Mistake } from '#api/kinds/kind.ts';

/** The refusals of the API in Kubernetes' words (apimachinery `errors`): clients decide by `reason` and `code`. */
function failure(code: number, reason: string, message: string, details?: Status['details']): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

/** `pods`, `deployments.apps`: how messages name a resource. */
function resourceOf(kind: AnyKind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: AnyKind, name: string): NonNullable<Status['details']> {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural };
}

export const badRequest = (message: string): ApiError => failure(400, 'BadRequest', message);

export const unauthorized = (): ApiError =>
  failure(401, 'Unauthorized', 'Unauthorized: send the token of this mesh (weft kubeconfig writes it down)');

export const forbidden = (
  kind: AnyKind,
  name: string,
  why: string,
  causes: { reason: string; message: string; field: string }[] = [],
): ApiError =>
  failure(403, 'Forbidden', `${resourceOf(kind)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(kind, name),
    ...(causes.length === 0 ? {} : { causes }),
  });

export const notFound = (kind: AnyKind, name: string): ApiError =>
  failure(404, 'NotFound', `${resourceOf(kind)} "${name}" not found`, detailsOf(kind, name));

export const noSuchPath = (path: string): ApiError =>
  failure(404, 'NotFound', `the server could not find the requested resource: ${path}`);

export const methodNotAllowed = (method: string, path: string): ApiError =>
  failure(405, 'MethodNotAllowed', `${method} is not allowed on ${path}`);

export const alreadyExists = (kind: AnyKind, name: string): ApiError =>
  failure(409, 'AlreadyExists', `${resourceOf(kind)} "${name}" already exists`, detailsOf(kind, name));

export const conflict = (kind: AnyKind, name: string, why: string): ApiError =>
  failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceOf(kind)} "${name}": ${why}`,
    detailsOf(kind, name),
  );

export const modified = (kind: AnyKind, name: string): ApiError =>
  conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

export const expired = (message: string): ApiError => failure(410, 'Expired', message);

export const tooLarge = (what: string, limit: number): ApiError =>
  failure(413, 'RequestEntityTooLarge', `${what} is larger than the limit of ${limit} bytes`);

export const unsupportedMediaType = (given: string, supported: readonly string[]): ApiError =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${given || 'no Content-Type'}); supported are: ${supported.join(', ')}`,
  );

/** Every mistake at once, each with its path. */
export function invalid(kind: AnyKind, name: string, mistakes: readonly Mistake[]): ApiError {
  const lines = mistakes.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const what = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return failure(422, 'Invalid', `${subject} "${name}" is invalid: ${what}`, {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: mistakes.map(({ path, message }) => ({ reason: 'FieldValueInvalid', message, field: path })),
  });
}

/** Objects that a question is about and that no server would take. */
export const invalidObjects = (mistakes: readonly Mistake[]): ApiError =>
  failure(422, 'Invalid', `${mistakes.length} of the fields are invalid`, {
    causes: mistakes.map(({ path, message }) => ({ reason: 'FieldValueInvalid', message, field: path })),
  });

/** A patch that is well formed but does not fit the object. */
export const unprocessable = (message: string): ApiError => failure(422, 'Invalid', message);

export const unavailable = (message: string): ApiError =>
  failure(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 });

/** Any thrown value as a refusal: the store's own failures with their cause, everything else as an internal error. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = messageOf(error);
  const remedy = error instanceof WeftError && error.remedy !== undefined ? `; ${error.remedy}` : '';
  switch (codeOf(error)) {
    case 'Compacted':
      return expired(`too old resource version: ${message}`);
    case 'FutureRevision':
      return expired(`too large resource version: ${message}`);
    case 'StoreFull':
      return failure(507, 'InsufficientStorage', message + remedy);
    case 'StoreClosed':
      return unavailable('the control plane is stopping');
    default:
      return failure(500, 'InternalError', `Internal error occurred: ${message}${remedy}`);
  }
}
