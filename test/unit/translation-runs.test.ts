/** What translation writes for sidecars is what the sidecar can run: the pinned outputs of one are the inputs of the other. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DescMessage, fromJson, type JsonValue, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { XDS_REGISTRY } from '#api/xds/registry.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { Configuration } from '#sidecar/discovery/configuration.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';

const PINNED = join(import.meta.dirname, '../../control-plane/translation/testdata');

interface Output {
  readonly clusters?: JsonValue[];
  readonly endpoints?: JsonValue[];
  readonly listeners?: JsonValue[];
  readonly routes?: JsonValue[];
}

const forSidecars = readdirSync(PINNED)
  .filter((file) => file.endsWith('.in.yaml'))
  .filter((file) => 'sidecar' in parse(readFileSync(join(PINNED, file), 'utf8')))
  .map((file) => file.replace('.in.yaml', ''));

function resourcesOf<Desc extends DescMessage>(
  schema: Desc,
  list: JsonValue[] | undefined,
  nameOf: (message: MessageShape<Desc>) => string,
): Resource[] {
  return (list ?? []).map((json) => {
    const message = fromJson(schema, json, { registry: XDS_REGISTRY });
    return { name: nameOf(message), version: '1', bytes: toBinary(schema, message) };
  });
}

test.each(forSidecars)('%s', (name) => {
  const output: Output = parse(readFileSync(join(PINNED, `${name}.out.yaml`), 'utf8'));
  const configuration = new Configuration(new ManualClock(), seededRandom(1));
  const types: [ResourceType, Resource[]][] = [
    [CLUSTER_TYPE, resourcesOf(ClusterSchema, output.clusters, (m) => m.name)],
    [ENDPOINT_TYPE, resourcesOf(ClusterLoadAssignmentSchema, output.endpoints, (m) => m.clusterName)],
    [LISTENER_TYPE, resourcesOf(ListenerSchema, output.listeners, (m) => m.name)],
    [ROUTE_TYPE, resourcesOf(RouteConfigurationSchema, output.routes, (m) => m.name)],
  ];
  const reasons = types.flatMap(([type, resources]) => configuration.apply({ type, resources, removed: [] }));
  expect(reasons).toEqual([]);
  expect(configuration.awaited()).toEqual([]);
  expect(configuration.complete).toBe(true);
  expect(configuration.snapshot.outbound('203.0.113.1', 4444).state).toBe('found');
});

test('there are such outputs', () => {
  expect(forSidecars.length).toBeGreaterThan(5);
});
