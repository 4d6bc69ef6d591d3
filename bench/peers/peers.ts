import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { nodeProxy } from './node.ts';
import type { Peer } from './peer.ts';

export const PEERS: readonly Peer[] = [haproxy, nginx, envoy, nodeProxy];
