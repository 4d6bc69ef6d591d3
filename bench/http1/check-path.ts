/** What is measured is first looked at: a proxy that drops a header or a byte would look cheap. */
import type { ProxyPath } from '../harness/path.ts';
import { ADDED_PATH, BODIES } from '../peers/backend.ts';
import { call } from './call.ts';

/** Throws unless the path answers with the whole body and, where it `adds`, with the headers that everybody adds. */
export async function checkPath(
  { name, port }: ProxyPath,
  path: keyof typeof BODIES,
  { adds }: { readonly adds: boolean },
): Promise<void> {
  const body = await call(port, path);
  if (body.length !== BODIES[path]) throw new Error(`${name} answered ${path} with ${body.length} bytes`);
  if (!adds) return;
  const added = (await call(port, ADDED_PATH)).split('\n');
  if (added.length !== 3 || added.some((value) => value === ''))
    throw new Error(`${name} does not add the headers that the others add: ${JSON.stringify(added)}`);
}
