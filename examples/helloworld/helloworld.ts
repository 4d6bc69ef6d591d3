/** helloworld: says which version and which pod answered, as Istio's sample does. */
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const LAME_DUCK_MS = 500;
const port = Number(process.argv[2] ?? 5000);
const greeting = `Hello version: ${process.env['SERVICE_VERSION'] ?? 'v1'}, instance: ${hostname()}\n`;

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://helloworld');
  const status = pathname === '/hello' || pathname === '/health' ? 200 : 404;
  response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 200 ? greeting : '');
});
server.keepAliveTimeout = 60_000;
process.once('SIGTERM', () => {
  setTimeout(() => server.close(() => process.exit(0)).closeIdleConnections(), LAME_DUCK_MS);
});
server.listen(port, () => console.log(`helloworld listens on port ${port}`));
