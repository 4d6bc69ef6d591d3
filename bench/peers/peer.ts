import type { PinnedProcess } from '../harness/pinned-process.ts';
import type { Program } from '../harness/programs.ts';
import type { Workbench } from '../harness/workbench.ts';

/** What a proxy is to do: take connections and pass them on to a port of this machine. */
export interface Task {
  /** `http`: requests, with the three added headers; `tcp`: bytes. */
  readonly mode: 'http' | 'tcp';
  readonly to: number;
  /** Where bytes are what counts: buffers as large as those that weft reads into, where a peer's default is smaller. */
  readonly bulk?: boolean;
}

/** A proxy that runs. */
export interface Hop {
  readonly port: number;
  readonly process: PinnedProcess;
}

/** A program that is measured beside weft. One thread works, nothing is logged, upstream connections are kept. */
export interface Peer {
  readonly name: string;
  find(mode: Task['mode']): Program | { readonly why: string };
  start(bench: Workbench, program: Program, task: Task): Promise<Hop>;
}

/** What everybody adds beside `x-request-id` and `x-forwarded-proto`: as long as the metadata that sidecars send one another. */
export const PEER_METADATA = Buffer.alloc(180, 'peer').toString('base64');
export const PEER_METADATA_HEADER = 'x-envoy-peer-metadata';

/** What Node reads of a socket at a time. */
export const BULK_BUFFER_BYTES = 65_536;

/** As many kept upstream connections as no scenario needs. */
export const MAX_CONNECTIONS = 16_384;
