/** Names of gRPC's status codes as Envoy's `%GRPC_STATUS%` writes them, by number. */
const NAMES = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange'],
  ...['Unimplemented', 'Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
];

/** A number without a name stands for itself. */
export function grpcStatusName(status: number | undefined): string | undefined {
  return status === undefined ? undefined : (NAMES[status] ?? String(status));
}
