import { connect } from 'node:net';
import { eventually, execute, type TestNode, type TestPod } from './node-fixture.ts';

/** Servers and clients for pods: what answers says who it is and whom it sees. */

/** Answers every connection on the given ports with NAME:PORT<-CLIENT, and every datagram by printing it. */
const SERVER = `
const [name, ...ports] = process.argv.slice(1);
for (const port of ports) require('net').createServer((socket) => {
  socket.on('error', () => {}).end(name + ':' + socket.localPort + '<-' + socket.remoteAddress.replace('::ffff:', ''));
}).listen(+port, '0.0.0.0', () => console.log('listening ' + port));
require('dgram').createSocket('udp4').on('message', (m, from) => console.log('datagram ' + m + ' from ' + from.address)).on('error', () => {}).bind(9999);
`;
/** Prints what a server answers, or the error code. */
export const CLIENT = `
const [host, port, from] = process.argv.slice(1);
const socket = require('net').connect({ host, port: +port, ...(from && { localAddress: from }), timeout: 2000 });
socket.on('data', (d) => process.stdout.write(d)).on('timeout', () => { console.log('TIMEOUT'); process.exit(); });
socket.on('error', (e) => console.log(e.code));
`;

export async function serve(
  pod: TestPod,
  name: string,
  ports: readonly number[],
  uid = 1000,
): Promise<string> {
  const id = await pod.start(['node', '-e', SERVER, name, ...ports.map(String)], { uid, gid: uid });
  await eventually(async () => {
    const log = await pod.logOf(id);
    return ports.every((port) => log.includes(`listening ${port}\n`)) || undefined;
  });
  return id;
}

/** What a client inside a container gets. */
export async function callFrom(
  { containers }: Pick<TestNode, 'containers'>,
  id: string,
  host: string,
  port: number,
  options: { uid?: number; from?: string } = {},
) {
  const argv = ['node', '-e', CLIENT, host, String(port), options.from ?? ''];
  const { output } = await execute(containers, id, argv, { uid: options.uid ?? 1000 });
  return output.trim();
}

/** What a client on the host gets. */
export function callFromHost(host: string, port: number, localAddress?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      timeout: 2_000,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('timeout', () => socket.destroy() && resolve('TIMEOUT'));
    socket.on('end', () => resolve(text));
  });
}
