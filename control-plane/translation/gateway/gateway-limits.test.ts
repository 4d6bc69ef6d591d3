import { expect, test } from 'vitest';
import { LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { inputOf, newWorld } from '../testing/golden.ts';
import { gatewayView } from './gateway-view.ts';

const LISTENER = '0.0.0.0_80';

const pod = (annotations: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'gw', labels: { istio: 'ingressgateway' }, annotations },
  spec: { containers: [{ name: 'istio-proxy', image: 'auto' }] },
});

const gateway = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge' },
  spec: {
    selector: { istio: 'ingressgateway' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
  },
};

test.each<[string, Record<string, string>, string[]]>([
  ['a limit', { 'traffic.weft.dev/idle-timeout': '1m' }, [LISTENER]],
  ['something else', { 'example.com/note': 'x' }, []],
])('a gateway whose pod is given %s', (_, annotations, changed) => {
  const world = newWorld();
  world.apply([pod({}), gateway].map(inputOf));
  const view = gatewayView(world, { pod: 'gw', namespace: 'default' });
  const before = view.get(LISTENER_TYPE, LISTENER);
  const change = world.apply([inputOf(pod(annotations), 9)]);
  expect([...view.changed(LISTENER_TYPE, change)]).toEqual(changed);
  expect([...view.changed(ROUTE_TYPE, change)]).toEqual([]);
  expect(view.get(LISTENER_TYPE, LISTENER)?.version === before?.version).toBe(changed.length === 0);
});
