import { join } from 'node:path';
import type { Peer } from './peer.ts';

/** The naive way in Node. It runs in the Node that runs weft, so it is never missing. */
export const nodeProxy: Peer = {
  name: 'node',
  find: () => ({ path: process.execPath, version: process.version.slice(1) }),
  async start(bench, program, task) {
    const port = await bench.takePort();
    const args = [join(import.meta.dirname, 'node-proxy.ts'), task.mode, String(port), String(task.to)];
    return { port, process: await bench.serve(bench.cores.proxy, port, program.path, args) };
  },
};
