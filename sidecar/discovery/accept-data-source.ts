import { messageOf } from '#api/foundation/errors.ts';
import { type DataSource, DataSourceSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { Place } from './refusals.ts';

/** The text of a file of this machine. Throws when it cannot be read or is too long. */
export type ReadFile = (path: string) => string;

/** Certificates and keys in PEM; a bundle of all public authorities has 220 KiB. */
export const MAX_DATA_LENGTH: number = 1024 * 1024;

/** Text that stands in the resource itself or in a file. What it says is never repeated in a reason: it may be a key. */
export function acceptDataSource(source: DataSource | undefined, readFile: ReadFile, place: Place): string {
  if (source === undefined) {
    place.refuse('is required');
    return '';
  }
  place.allow(DataSourceSchema, source, new Set(['filename', 'inline_bytes', 'inline_string']));
  const text = read(source, readFile, place);
  if (text.length > MAX_DATA_LENGTH) place.refuse(`is longer than ${MAX_DATA_LENGTH} bytes`);
  if (text === '') place.refuse('must not be empty');
  return text;
}

function read({ specifier }: DataSource, readFile: ReadFile, place: Place): string {
  switch (specifier.case) {
    case 'inlineString':
      return specifier.value;
    case 'inlineBytes':
      return new TextDecoder().decode(specifier.value);
    case 'filename':
      return readNamed(specifier.value, readFile, place);
  }
  return '';
}

function readNamed(path: string, readFile: ReadFile, place: Place): string {
  try {
    return readFile(path);
  } catch (error) {
    place.in('filename').refuse(messageOf(error));
    return '';
  }
}
