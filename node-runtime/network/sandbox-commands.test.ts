import { expect, test } from 'vitest';
import { hostLinkCommands, podLinkCommands } from './sandbox-commands.ts';

const PLAN = { name: 'm-pod', podUid: 'u', hostname: 'pod', ip: '10.244.0.9', redirect: undefined };

test('a pod knows its gateway without asking, and everything goes through it', () => {
  expect(podLinkCommands('m', PLAN, '10.244.0.1', 4711)).toMatchInlineSnapshot(`
    "link set lo up
    link add eth0 address 0a:58:0a:f4:00:09 type veth peer name m-s1vtie address 0e:58:0a:f4:00:09 netns 4711
    addr add 10.244.0.9/32 dev eth0
    link set eth0 up
    neigh replace 10.244.0.1 lladdr 0e:58:0a:f4:00:09 dev eth0 nud permanent
    route add 10.244.0.1 dev eth0 scope link
    route add default via 10.244.0.1 dev eth0
    "
  `);
});

test('the host knows the pod without asking', () => {
  expect(hostLinkCommands('m', PLAN, '10.244.0.1')).toMatchInlineSnapshot(`
    "link set m-s1vtie addrgenmode none
    link set m-s1vtie up
    neigh replace 10.244.0.9 lladdr 0a:58:0a:f4:00:09 dev m-s1vtie nud permanent
    route replace 10.244.0.9/32 dev m-s1vtie src 10.244.0.1
    "
  `);
});
