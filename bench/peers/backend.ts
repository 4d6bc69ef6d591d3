/** What stands behind the proxies: nginx, the cheapest server at hand, on a core that is not the proxy's. */
import { needProgram } from '../harness/programs.ts';
import type { Workbench } from '../harness/workbench.ts';
import { httpBlock, nginxConfig } from './nginx.ts';
import { PEER_METADATA_HEADER } from './peer.ts';

/** Paths of the backend and the length of what each answers with. */
export const BODIES = { '/tiny': 2, '/1k': 1_024, '/1m': 1_048_576 } as const;
/** Answers with the values of the three added headers, one a line. */
export const ADDED_PATH = '/added';

/** Starts it and returns its port. */
export async function startBackend(bench: Workbench): Promise<number> {
  const { path } = needProgram('nginx');
  const port = await bench.takePort();
  bench.write('1m', Buffer.alloc(BODIES['/1m'], 'x'));
  const config = nginxConfig(bench.directory, port, backend(bench.directory, port));
  const file = bench.write(`backend-${port}.conf`, config);
  await bench.serve(bench.cores.backend, port, path, ['-p', bench.directory, '-c', file]);
  return port;
}

function backend(directory: string, port: number): string {
  const variable = (header: string): string => `$http_${header.replaceAll('-', '_')}`;
  const added = ['x-request-id', 'x-forwarded-proto', PEER_METADATA_HEADER].map(variable).join('\\n');
  return httpBlock(`
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location = /tiny { return 200 "${'x'.repeat(BODIES['/tiny'])}"; }
      location = /1k { return 200 "${'x'.repeat(BODIES['/1k'])}"; }
      location = ${ADDED_PATH} { return 200 "${added}"; }
      location / { root ${directory}; sendfile on; open_file_cache max=10; }
    }`);
}
