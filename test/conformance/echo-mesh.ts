/** The service `echo` with two versions: real servers on loopback, and the objects that describe them. */
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';

export type Version = 'v1' | 'v2';
export const PORT = 7070;
/** Where the servers listen: one port on two addresses, as two pods would. */
export const ADDRESSES: Readonly<Record<Version, string>> = { v1: '127.0.0.2', v2: '127.0.0.3' };

const text = {
  encode: (value: string) => Buffer.from(value),
  decode: (bytes: Buffer) => bytes.toString(),
};

export const WHO = {
  path: '/test.Echo/Who',
  requestStream: false,
  responseStream: false,
  requestSerialize: text.encode,
  requestDeserialize: text.decode,
  responseSerialize: text.encode,
  responseDeserialize: text.decode,
} as const;

interface Call {
  readonly request: string;
  on(event: 'cancelled', then: () => void): void;
}

/** Answers with its version; the request `slow` is never answered before the caller gives up. */
export function startBackend(version: Version, port: number): Promise<{ server: Server; port: number }> {
  const server = new Server();
  const definition = { who: WHO } as unknown as ServiceDefinition;
  server.addService(definition, {
    who: (call: Call, answer: (error: null, value: string) => void) => {
      if (call.request === 'slow') call.on('cancelled', () => answer(null, version));
      else answer(null, version);
    },
  } as unknown as UntypedServiceImplementation);
  return new Promise((resolve, reject) => {
    server.bindAsync(`${ADDRESSES[version]}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve({ server, port: bound }) : reject(error),
    );
  });
}

export const ECHO_SERVICE = Service.schema.parse({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo', namespace: 'default' },
  spec: { clusterIP: '10.96.0.77', selector: { app: 'echo' }, ports: [{ name: 'grpc', port: PORT }] },
});

export function echoPod(version: Version): Pod {
  return Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `echo-${version}`, namespace: 'default', labels: { app: 'echo', version } },
    spec: { containers: [{ name: 'echo' }] },
  });
}

export function echoSlice(port: number, versions: readonly Version[], service = 'echo'): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-1`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    endpoints: versions.map((version) => ({
      addresses: [ADDRESSES[version]],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', name: `echo-${version}`, namespace: 'default' },
    })),
    ports: [{ name: 'grpc', port, protocol: 'TCP' }],
  };
}

export const SUBSETS = DestinationRule.schema.parse({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'echo', namespace: 'default' },
  spec: {
    host: 'echo',
    subsets: [
      { name: 'v1', labels: { version: 'v1' } },
      { name: 'v2', labels: { version: 'v2' } },
    ],
  },
});

export function split(weights: Readonly<Record<Version, number>>, more: object = {}): VirtualService {
  const route = (['v1', 'v2'] as const).map((subset) => ({
    destination: { host: 'echo', subset },
    weight: weights[subset],
  }));
  return VirtualService.schema.parse({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'echo', namespace: 'default' },
    spec: { hosts: ['echo'], http: [{ route, ...more }] },
  });
}
