/**
 * A server outside of the mesh: in a network namespace that stands for another machine, linked to this one. The names of the
 * tasks (httpbin.org, edition.cnn.com) stand for it, because a test has no internet.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { issueAuthority, issueServing } from '#control-plane/apiserver/pki/issue.ts';
import { must, run } from '#node-runtime/host/command.ts';
import type { TestMesh } from './mesh.ts';

export interface Outside {
  readonly address: string;
  /** `SCHEME HOST PATH` of what arrived. */
  readonly asked: string[];
  /** Certificate of the authority that the outside's own certificates come from. */
  readonly authority: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Listens on ports 80 and 443 once its certificate has come on standard input, and prints what arrives. `/delay/N` is
 * answered after N seconds.
 */
const SERVER = `
let credentials = '';
process.stdin.on('data', (data) => { credentials += data; }).on('end', () => {
  const answer = (scheme) => (request, response) => {
    console.log([scheme, request.headers.host, request.url].join(' '));
    const seconds = Number(/^[/]delay[/]([0-9]+)$/.exec(request.url)?.[1] ?? 0);
    setTimeout(() => response.end('outside over ' + scheme + '\\n'), seconds * 1000);
  };
  require('node:http').createServer(answer('http')).listen(80, () => {
    require('node:https').createServer(JSON.parse(credentials), answer('https')).listen(443, () => console.log('listening'));
  });
});
`;

/** `names` are in its certificate. */
export async function openOutside({ config }: TestMesh, names: readonly string[]): Promise<Outside> {
  const last = process.pid % 63;
  const address = `198.18.8.${last * 4 + 2}`;
  const link = `x${config.id}`;
  const pin = join(config.runDir, 'outside');
  await linkNamespace({ pin, link, address, hostAddress: `198.18.8.${last * 4 + 1}` });
  const authority = await issueAuthority('the outside', Date.now());
  const altNames = names.map((value) => ({ type: 'dns', value }) as const);
  const { certificate, key } = await issueServing(authority, altNames, Date.now());
  const server = spawn('nsenter', [`--net=${pin}`, process.execPath, '-e', SERVER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  server.stdin.end(JSON.stringify({ cert: certificate, key }));
  const asked: string[] = [];
  const lines = createInterface({ input: server.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => asked.push(line));
  return {
    address,
    asked,
    authority: authority.certificate,
    [Symbol.asyncDispose]: () => close(server, link, pin),
  };
}

interface Namespace {
  readonly pin: string;
  readonly link: string;
  readonly address: string;
  readonly hostAddress: string;
}

/** Pinned in the test's own directory: `ip netns add` would leave a mount on the machine. */
async function linkNamespace({ pin, link, address, hostAddress }: Namespace): Promise<void> {
  writeFileSync(pin, '');
  await must('unshare', [`--net=${pin}`, 'true']);
  const inside = [
    'link set lo up',
    `link add eth0 type veth peer name ${link} netns ${process.pid}`,
    `addr add ${address}/30 dev eth0`,
    'link set eth0 up',
  ];
  await must('nsenter', [`--net=${pin}`, 'ip', '-batch', '-'], { input: inside.join('\n') });
  const onHost = [`addr add ${hostAddress}/30 dev ${link}`, `link set ${link} up`];
  await must('ip', ['-batch', '-'], { input: onHost.join('\n') });
  await must('nsenter', [`--net=${pin}`, 'ip', 'route', 'add', 'default', 'via', hostAddress]);
}

async function close(server: ChildProcess, link: string, pin: string): Promise<void> {
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
  await run('ip', ['link', 'del', link]);
  await run('umount', [pin]);
}
