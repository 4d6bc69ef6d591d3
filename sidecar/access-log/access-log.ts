import type { ConnectionRecord, RequestRecord } from '#sidecar/telemetry/stream-record.ts';

/** Where finished requests and connections of a listener are written. Never blocks and never throws. */
export interface AccessLog {
  write(record: RequestRecord | ConnectionRecord): void;
}
