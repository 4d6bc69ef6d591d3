import { findProgram } from '../harness/programs.ts';
import { BULK_BUFFER_BYTES, PEER_METADATA, PEER_METADATA_HEADER, type Peer, type Task } from './peer.ts';

/** What an operator may turn on for large bodies; none of it is on by default. */
interface Tuning {
  /** Of `tune.bufsize`; HAProxy has 16 KiB, and its manual advises to leave it. */
  readonly bufferBytes?: number;
  /** Bytes pass inside of the kernel. */
  readonly splices?: boolean;
}

export const haproxy = peer('haproxy');

/** With buffers as large as those that weft reads into. */
export const haproxyLargeBuffers = peer('haproxy64k', { bufferBytes: BULK_BUFFER_BYTES });

/** With what only HAProxy has: bytes that never leave the kernel. */
export const haproxySplicing = peer('haproxy-splice', { bufferBytes: BULK_BUFFER_BYTES, splices: true });

function peer(name: string, tuning: Tuning = {}): Peer {
  return {
    name,
    find: () => findProgram('haproxy'),
    async start(bench, program, task) {
      const port = await bench.takePort();
      const config = bench.write(`haproxy-${port}.cfg`, haproxyConfig(port, task, tuning));
      const process = await bench.serve(bench.cores.proxy, port, program.path, ['-db', '-f', config]);
      return { port, process };
    },
  };
}

/**
 * `http-reuse always` is what its manual names for upstream servers that are trusted; splicing is off unless an option asks for
 * it. How many connections it takes follows from the limit of descriptors.
 */
export function haproxyConfig(port: number, { mode, to }: Task, tuning: Tuning = {}): string {
  const requests = `
    http-reuse always
    http-request set-header x-request-id %[uuid] unless { req.hdr(x-request-id) -m found }
    http-request set-header x-forwarded-proto http unless { req.hdr(x-forwarded-proto) -m found }
    http-request set-header ${PEER_METADATA_HEADER} ${PEER_METADATA}`;
  return `
  global
    nbthread 1
    ${tuning.bufferBytes === undefined ? '' : `tune.bufsize ${tuning.bufferBytes}`}
  defaults
    mode ${mode}
    ${tuning.splices === true ? 'option splice-request\n    option splice-response' : ''}
    timeout connect 5s
    timeout client 60s
    timeout server 60s
  frontend in
    bind 127.0.0.1:${port} backlog 4096
    default_backend app
  backend app${mode === 'http' ? requests : ''}
    server app 127.0.0.1:${to}
`;
}
