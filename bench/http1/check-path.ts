/** What is measured is first looked at: a proxy that drops a header or a byte would look cheap. */
import { request } from 'node:http';
import type { ProxyPath } from '../harness/path.ts';
import { ADDED_PATH, BODIES } from '../peers/backend.ts';
import { AUTHORITY } from './request-head.ts';

/** Throws unless the path answers with the whole body and adds the headers that everybody adds. */
export async function checkPath(
  { name, port }: ProxyPath,
  path: keyof typeof BODIES,
  { adds }: { readonly adds: boolean },
): Promise<void> {
  const body = await get(port, path);
  if (body.length !== BODIES[path]) throw new Error(`${name} answered ${path} with ${body.length} bytes`);
  if (!adds) return;
  const added = (await get(port, ADDED_PATH)).split('\n');
  if (added.length !== 3 || added.some((value) => value === ''))
    throw new Error(`${name} does not add the headers that the others add: ${JSON.stringify(added)}`);
}

function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: AUTHORITY };
    const options = { host: '127.0.0.1', port, path, headers, agent: false, timeout: 10_000 };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('latin1'));
        else
          reject(
            new Error(`port ${port} answered ${path} with ${response.statusCode}: ${Buffer.concat(chunks)}`),
          );
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`port ${port} did not answer ${path}`)));
    sent.on('error', reject).end();
  });
}
