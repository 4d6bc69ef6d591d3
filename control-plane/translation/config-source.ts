import { create } from '@bufbuild/protobuf';
import { ApiVersion, ConfigSourceSchema } from '#api/xds/gen/envoy/config/core/v3/config_source_pb.js';

/** "Ask on the stream that you got this from." */
export const OVER_ADS = create(ConfigSourceSchema, {
  configSourceSpecifier: { case: 'ads', value: {} },
  resourceApiVersion: ApiVersion.V3,
});
