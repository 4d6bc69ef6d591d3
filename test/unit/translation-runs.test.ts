/** What translation writes for sidecars is what the sidecar can run: the pinned outputs of one are the inputs of the other. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { VIRTUAL_OUTBOUND } from '#api/xds/names.ts';
import { XDS_REGISTRY } from '#api/xds/registry.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { issueAuthority } from '#control-plane/apiserver/pki/issue.ts';
import { Configuration } from '#sidecar/discovery/configuration.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';

const PINNED = join(import.meta.dirname, '../../control-plane/translation/testdata');

interface Output {
  readonly clusters?: JsonValue[];
  readonly endpoints?: JsonValue[];
  readonly listeners?: JsonValue[];
  readonly routes?: JsonValue[];
}

const forOurProxies = readdirSync(PINNED)
  .filter((file) => file.endsWith('.in.yaml'))
  .filter((file) => !('proxyless' in parse(readFileSync(join(PINNED, file), 'utf8'))))
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

const credentials = await issueAuthority('test', Date.now());

/** Certificates and keys are pinned as words: real ones stand in for them. */
function withCredentials(text: string): string {
  const { certificate, key } = credentials;
  return text.replaceAll(
    /(certificateChain|trustedCa|privateKey):(\s+)(inlineString|inlineBytes): \S+/g,
    (_, field, gap, form) => {
      const pem = field === 'privateKey' ? key : certificate;
      return `${field}:${gap}${form}: ${JSON.stringify(form === 'inlineString' ? pem : btoa(pem))}`;
    },
  );
}

test.each(forOurProxies)('%s', async (name) => {
  const output: Output = parse(withCredentials(readFileSync(join(PINNED, `${name}.out.yaml`), 'utf8')));
  const configuration = new Configuration(new ManualClock(), seededRandom(1), {
    readFile: (path) => (path.endsWith('key.pem') ? credentials.key : credentials.certificate),
    resolver: { resolve: async () => [{ address: '192.0.2.1', ttlMs: 60_000 }] },
    changed: () => {},
  });
  const types: [ResourceType, Resource[]][] = [
    [CLUSTER_TYPE, resourcesOf(ClusterSchema, output.clusters, (m) => m.name)],
    [ENDPOINT_TYPE, resourcesOf(ClusterLoadAssignmentSchema, output.endpoints, (m) => m.clusterName)],
    [LISTENER_TYPE, resourcesOf(ListenerSchema, output.listeners, (m) => m.name)],
    [ROUTE_TYPE, resourcesOf(RouteConfigurationSchema, output.routes, (m) => m.name)],
  ];
  const reasons = types.flatMap(([type, resources]) => configuration.apply({ type, resources, removed: [] }));
  expect(reasons).toEqual([]);
  await vi.waitUntil(() => configuration.complete);
  expect(configuration.awaited()).toEqual([]);
  const everywhere = (output.listeners ?? []).some(
    (each) => (each as JsonObject)['name'] === VIRTUAL_OUTBOUND,
  );
  const unknown = configuration.snapshot.outbound('203.0.113.1', 4444);
  expect(unknown.state).toBe(everywhere ? 'found' : 'absent');
});

test('there are such outputs', () => {
  expect(forOurProxies.length).toBeGreaterThan(5);
});
