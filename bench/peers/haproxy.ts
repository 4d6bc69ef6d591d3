import { findProgram } from '../harness/programs.ts';
import { PEER_METADATA, PEER_METADATA_HEADER, type Peer, type Task } from './peer.ts';

export const haproxy: Peer = {
  name: 'haproxy',
  find: () => findProgram('haproxy'),
  async start(bench, program, task) {
    const port = await bench.takePort();
    const config = bench.write(`haproxy-${port}.cfg`, haproxyConfig(port, task));
    const process = await bench.serve(bench.cores.proxy, port, program.path, ['-db', '-f', config]);
    return { port, process };
  },
};

/** `http-reuse always` is what its manual names for upstream servers that are trusted; splicing is off unless an option asks for it. How many connections it
 * takes follows from the limit of descriptors. */
export function haproxyConfig(port: number, { mode, to }: Task): string {
  const requests = `
    http-reuse always
    http-request set-header x-request-id %[uuid] unless { req.hdr(x-request-id) -m found }
    http-request set-header x-forwarded-proto http unless { req.hdr(x-forwarded-proto) -m found }
    http-request set-header ${PEER_METADATA_HEADER} ${PEER_METADATA}`;
  return `
  global
    nbthread 1
  defaults
    mode ${mode}
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
