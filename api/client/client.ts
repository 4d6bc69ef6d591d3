import type { AnyKind, Kind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';

/** Kubernetes `Status`, as every failed request answers it. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message?: string;
      readonly field?: string;
    }[];
    readonly retryAfterSeconds?: number;
  };
}

/** A request that the API server refused. `reason` is Kubernetes' (`NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Expired`, …). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'the request failed');
    this.status = status;
  }

  get reason(): string {
    return this.status.reason ?? 'Unknown';
  }

  get code(): number {
    return this.status.code ?? 500;
  }
}

export function isReason(error: unknown, reason: string): boolean {
  return error instanceof ApiError && error.reason === reason;
}

export interface ListOptions {
  /** All namespaces when absent. Ignored for kinds without namespaces. */
  readonly namespace?: string | undefined;
  /** Kubernetes syntax: `app=web,tier!=db`. */
  readonly labelSelector?: string | undefined;
  /** `metadata.name=x,spec.nodeName=y,…` */
  readonly fieldSelector?: string | undefined;
}

export interface ListResult<T extends KubeObject> {
  readonly items: Stored<T>[];
  /** Where a watch that misses nothing starts. */
  readonly resourceVersion: string;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  /** Refuse with Conflict when the object's uid is another. */
  readonly uid?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * The Kubernetes API as this house uses it: over HTTPS (`http-client.ts`) from other programs and machines, in
 * process inside the control plane. Failures are `ApiError`s; a watch that fell behind throws reason `Expired`.
 */
export interface Client {
  get<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): Promise<Stored<T> | undefined>;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<ListResult<T>>;
  /** Events after `resourceVersion`, in order, until the signal aborts or the server ends the stream. */
  watch<T extends KubeObject>(
    kind: Kind<T>,
    options: ListOptions & { readonly resourceVersion: string; readonly signal: AbortSignal },
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: { dryRun?: boolean }): Promise<Stored<T>>;
  /** Compare-and-swap on `metadata.resourceVersion`; the status stays as stored. */
  update<T extends KubeObject>(kind: Kind<T>, object: T, options?: { dryRun?: boolean }): Promise<Stored<T>>;
  /** The same for `status` alone. */
  updateStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<Stored<T>>;
  /** JSON merge patch (RFC 7396). */
  patch<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options?: { subresource?: 'status' | 'scale'; dryRun?: boolean },
  ): Promise<Stored<T>>;
  /** True when the object existed. Deletion of pods is graceful: the object goes when the node runtime has stopped it. */
  delete(
    kind: AnyKind,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<boolean>;
}
