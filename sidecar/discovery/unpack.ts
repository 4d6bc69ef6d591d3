import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';

/** The message inside, when it is of that type. */
export function unpack<Desc extends DescMessage>(
  any: Any | undefined,
  schema: Desc,
): MessageShape<Desc> | undefined {
  return any?.typeUrl === `type.googleapis.com/${schema.typeName}`
    ? fromBinary(schema, any.value)
    : undefined;
}
