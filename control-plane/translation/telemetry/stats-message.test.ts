import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import { statsMessage } from './stats-message.ts';

test('never has more tags than a sidecar takes', () => {
  const dimensions = Array.from({ length: 20 }, (_, i) => [`t${String(i).padStart(2, '0')}`, '"x"'] as const);
  const message = statsMessage(
    [{ name: 'requests_total', drop: false, dimensions, tagsToRemove: [] }],
    false,
  );
  const { metrics } = anyUnpack(message, TypedStructSchema)!.value as {
    metrics: { dimensions: Record<string, string> }[];
  };
  expect(Object.keys(metrics[0]!.dimensions).sort()).toEqual(dimensions.slice(0, 16).map(([tag]) => tag));
});
