import { WeftError } from '#api/foundation/errors.ts';
import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Secret } from '#api/kinds/secret.ts';

/** One file of a ConfigMap or Secret volume. */
export interface PayloadFile {
  /** Relative to the volume's root, without `..`. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

export interface Projection {
  /** For messages: `ConfigMap "web"`. */
  readonly title: string;
  readonly items?:
    | readonly { readonly key: string; readonly path: string; readonly mode?: number | undefined }[]
    | undefined;
  readonly defaultMode?: number | undefined;
  readonly optional?: boolean | undefined;
}

/** Kubernetes' default for both. The volume's directory on the node is closed to everybody but root. */
const DEFAULT_MODE = 0o644;

export type Data = Readonly<Record<string, Buffer>>;

export function configMapData({ data, binaryData }: ConfigMap): Data {
  const text = Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'utf8')] as const);
  const binary = Object.entries(binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  );
  return Object.fromEntries([...text, ...binary]);
}

export function secretData({ data }: Secret): Data {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const),
  );
}

/**
 * The files that a volume shows: all keys, or those that `items` name. Throws a WeftError `FailedMount` for what is
 * missing and not optional, and for paths that would leave the volume.
 */
export function payload(data: Data | undefined, projection: Projection): PayloadFile[] {
  if (data === undefined) {
    if (projection.optional === true) return [];
    throw failedMount(`${projection.title} not found`, 'create it: the pod starts by itself then');
  }
  const mode = projection.defaultMode ?? DEFAULT_MODE;
  const items = projection.items ?? Object.keys(data).map((key) => ({ key, path: key, mode: undefined }));
  return items.flatMap((item) => {
    const bytes = Object.hasOwn(data, item.key) ? data[item.key] : undefined;
    if (bytes !== undefined) return [{ path: safePath(item.path), bytes, mode: (item.mode ?? mode) & 0o777 }];
    if (projection.optional === true) return [];
    throw failedMount(
      `key "${item.key}" not found in ${projection.title}`,
      'add the key, or mark the volume optional',
    );
  });
}

/** A path inside the volume; names that start with `..` are the volume's own. */
function safePath(path: string): string {
  const parts = path.split('/');
  const fine =
    path.length <= 4096 && parts.every((part) => part !== '' && part !== '.' && !part.startsWith('..'));
  if (fine && !path.includes('\0')) return path;
  throw failedMount(`"${path}" is not a path inside the volume`, 'write a relative path without ".."');
}

export function failedMount(message: string, remedy: string): WeftError {
  return new WeftError('FailedMount', message, { remedy });
}
