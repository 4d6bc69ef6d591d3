import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { type Any, anyPack, type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';

/** What a message is made from, as a plain object that can be spread. */
export type Init<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, MessageShape<Desc>>;

export function pack<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, init));
}

/** Protobuf's largest Duration: about ten thousand years. Proxies refuse what is longer. */
const MAX_DURATION_MS = 315_576_000_000_000;

export function durationOf(ms: number): Duration {
  const capped = Math.min(ms, MAX_DURATION_MS);
  const seconds = Math.floor(capped / 1000);
  return create(DurationSchema, {
    seconds: BigInt(seconds),
    nanos: Math.round((capped - seconds * 1000) * 1e6),
  });
}
