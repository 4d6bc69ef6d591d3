import { findProgram } from '../harness/programs.ts';
import { BULK_BUFFER_BYTES, PEER_METADATA, PEER_METADATA_HEADER, type Peer, type Task } from './peer.ts';

export const haproxy = peer('haproxy', false);

/** The same with what only HAProxy has: bytes that never leave the kernel. What large bodies cost where somebody turns it on. */
export const haproxySplicing = peer('haproxy-splice', true);

function peer(name: string, splices: boolean): Peer {
  return {
    name,
    find: () => findProgram('haproxy'),
    async start(bench, program, task) {
      const port = await bench.takePort();
      const config = bench.write(`haproxy-${port}.cfg`, haproxyConfig(port, task, splices));
      const process = await bench.serve(bench.cores.proxy, port, program.path, ['-db', '-f', config]);
      return { port, process };
    },
  };
}

/**
 * `http-reuse always` is what its manual names for upstream servers that are trusted; splicing is off unless an option asks for
 * it. Its buffers are of 16 KiB, which is right for small messages and makes large bodies a fifth dearer. How many connections
 * it takes follows from the limit of descriptors.
 */
export function haproxyConfig(port: number, { mode, to, bulk = false }: Task, splices = false): string {
  const requests = `
    http-reuse always
    http-request set-header x-request-id %[uuid] unless { req.hdr(x-request-id) -m found }
    http-request set-header x-forwarded-proto http unless { req.hdr(x-forwarded-proto) -m found }
    http-request set-header ${PEER_METADATA_HEADER} ${PEER_METADATA}`;
  return `
  global
    nbthread 1
    ${bulk ? `tune.bufsize ${BULK_BUFFER_BYTES}` : ''}
  defaults
    mode ${mode}
    ${splices ? 'option splice-request\n    option splice-response' : ''}
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
