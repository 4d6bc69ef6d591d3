import { envoy } from './envoy.ts';
import { haproxy, haproxyLargeBuffers, haproxySplicing } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { nodeProxy } from './node.ts';
import type { Peer } from './peer.ts';

export const PEERS: readonly Peer[] = [haproxy, nginx, envoy, nodeProxy];

/** Where bytes are what counts. */
export const BULK_PEERS: readonly Peer[] = [...PEERS, haproxyLargeBuffers, haproxySplicing];
