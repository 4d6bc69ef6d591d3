import type { DataSourceSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { Init } from './message.ts';

export type DataSource = Init<typeof DataSourceSchema>;

/** What a Secret holds, as base64. */
export function inlineSource(base64: string): DataSource {
  const value = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return { specifier: { case: 'inlineBytes', value } };
}

/** A file that the proxy reads. */
export function fileSource(filename: string): DataSource {
  return { specifier: { case: 'filename', value: filename } };
}
