import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must, run } from '#node-runtime/host/command.ts';
import { applyServiceRules } from '#node-runtime/network/host-network.ts';
import { execute, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

/**
 * A network namespace that stands for another machine, linked to this one. Pinned in the test's own directory: `ip netns
 * add` would leave a mount on the machine.
 */
interface Outside {
  readonly pin: string;
  readonly link: string;
  readonly address: string;
  readonly hostAddress: string;
}

let node: TestNode;
let pod: TestPod;
let client: string;
let outside: Outside;
beforeAll(async () => {
  node = await startTestNode();
  const last = process.pid % 63;
  outside = {
    pin: join(node.config.runDir, 'outside'),
    link: `x${node.config.id}`,
    address: `198.18.7.${last * 4 + 2}`,
    hostAddress: `198.18.7.${last * 4 + 1}`,
  };
  const { pin, link, address, hostAddress } = outside;
  await writeFile(pin, '');
  await must('unshare', [`--net=${pin}`, 'true']);
  const inside = [
    'link set lo up',
    `link add eth0 type veth peer name ${link} netns ${process.pid}`,
    `addr add ${address}/30 dev eth0`,
    'link set eth0 up',
  ];
  const onHost = [`addr add ${hostAddress}/30 dev ${link}`, `link set ${link} up`];
  await must('nsenter', [`--net=${pin}`, 'ip', '-batch', '-'], { input: inside.join('\n') });
  await must('ip', ['-batch', '-'], { input: onHost.join('\n') });
  await must('nsenter', [`--net=${pin}`, 'ip', 'route', 'add', 'default', 'via', hostAddress]);
  pod = await node.pod();
  client = await pod.start(['sleep', '1000']);
});
afterAll(async () => {
  await run('ip', ['link', 'del', outside.link]);
  await run('umount', [outside.pin]);
  await node?.close();
});

test('what a pod sends to other machines carries this one’s address', async () => {
  const answer = `require('net').createServer((s) => s.end(s.remoteAddress.replace('::ffff:', ''))).listen(80, () => console.log('listening'));`;
  const server = spawn('nsenter', [`--net=${outside.pin}`, process.execPath, '-e', answer]);
  try {
    await once(server.stdout, 'data');
    const call = `require('net').connect(80, process.argv[1]).on('data', (d) => console.log(String(d))).on('error', (e) => console.log(e.code));`;
    const { output } = await execute(node.containers, client, ['node', '-e', call, outside.address]);
    expect(output.trim()).toBe(outside.hostAddress);
  } finally {
    server.kill('SIGKILL');
  }
});

test('other machines open no connection to a pod but through a port of the host that it was given', async () => {
  const serve = `require('net').createServer((s) => s.end('open')).listen(8080, '0.0.0.0', () => console.log('listening'));`;
  await pod.start(['node', '-e', serve]);
  expect(await answerTo([`--net=${outside.pin}`], pod.ip, 8080)).toBe('closed');

  const port = 20_000 + (process.pid % 10_000);
  await applyServiceRules(
    node.config,
    [],
    [],
    [{ protocol: 'tcp', port, podIp: pod.ip, containerPort: 8080 }],
  );
  expect(await answerTo([`--net=${outside.pin}`], outside.hostAddress, port)).toBe('open');
  expect(await answerTo(['--net=/proc/self/ns/net'], outside.hostAddress, port)).toBe('open');
  expect(await answerTo(['--net=/proc/self/ns/net'], '127.0.0.1', port)).toBe('open');
  expect(await answerTo([`--net=${outside.pin}`], pod.ip, 8080)).toBe('closed');
});

/** What a server says to whoever connects, or how the attempt ended. */
async function answerTo(namespace: readonly string[], host: string, port: number): Promise<string> {
  const call = `const s = require('net').connect({ port: Number(process.argv[2]), host: process.argv[1], timeout: 500 }); s.on('data', (d) => { console.log(String(d)); process.exit(); }).on('timeout', () => { console.log('closed'); process.exit(); }).on('error', (e) => console.log(e.code));`;
  return (await must('nsenter', [...namespace, process.execPath, '-e', call, host, String(port)])).trim();
}
