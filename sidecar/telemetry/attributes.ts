import type { AttributeLookup } from '#api/expressions/expression.ts';
import type { ConnectionRecord, RequestRecord } from './stream-record.ts';

/** What expressions may ask of a request or of a connection: Envoy's attributes, by their dotted names. */
export function attributesOf(record: RequestRecord | ConnectionRecord): AttributeLookup {
  return (name) => (record.kind === 'request' ? requestAttribute(record, name) : undefined);
}

function requestAttribute(record: RequestRecord, name: string): unknown {
  switch (name) {
    case 'request.method':
      return record.method;
    case 'request.host':
      return record.authority;
    case 'request.path':
      return record.path;
    case 'request.scheme':
      return record.scheme;
    case 'response.code':
      return record.status;
    default:
      return undefined;
  }
}
