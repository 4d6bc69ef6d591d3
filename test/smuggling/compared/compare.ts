/**
 * Writes COMPARED.md: every payload, and what weft, HAProxy and Envoy make of it. Run it with
 * `ENVOY=PATH node test/smuggling/compared/compare.ts`.
 */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { seen } from '../origin.ts';
import { PAYLOADS } from '../payloads/payloads.ts';
import { type RunningProxy, startEnvoy, startHaproxy, startWeft } from './proxies.ts';
import { page, standsAlone, verdictFor } from './table.ts';
import { verdictOf } from './verdict-of.ts';

const app = createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('error', () => {});
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    response.writeHead(200, { 'x-saw': seen(method, url, bytes, headers.host ?? ''), 'content-length': 0 });
    response.end();
  });
});
app.on('clientError', (_, socket) => {
  socket.end('HTTP/1.1 400 Bad Request\r\nX-App: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
});
app.listen(0, '127.0.0.1');
await once(app, 'listening');
const { port } = app.address() as { port: number };

await using weft = await startWeft(port);
await using haproxy = await startHaproxy(port);
await using envoy = await startEnvoy(port);
if (haproxy === undefined || envoy === undefined) {
  throw new Error(
    `missing: ${haproxy === undefined ? 'haproxy ' : ''}${envoy === undefined ? 'envoy ($ENVOY)' : ''}`,
  );
}
const [byWeft, byHaproxy, byEnvoy] = await Promise.all([weft, haproxy, envoy].map(all));
const rows = PAYLOADS.map((payload, i) => ({
  payload,
  weft: byWeft![i]!,
  haproxy: byHaproxy![i]!,
  envoy: byEnvoy![i]!,
}));
const versions = [haproxy, envoy].map(({ name, version }) => `${name} ${version}`);
writeFileSync(new URL('../COMPARED.md', import.meta.url), page(rows, versions));
const unexplained = rows.filter((row) => standsAlone(row) && verdictFor(row) === undefined);
for (const { payload } of unexplained) console.error(`no verdict: ${payload.name}`);
process.exitCode = unexplained.length === 0 ? 0 : 1;
app.close();
app.closeAllConnections();

async function all(proxy: RunningProxy): Promise<(readonly string[])[]> {
  const made = [];
  for (const payload of PAYLOADS) made.push(await verdictOf(proxy.port, payload));
  return made;
}
