import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { rotatedLogs } from '#node-runtime/logs/log-files.ts';
import { rotateLog } from '#node-runtime/logs/rotate-log.ts';
import { containerPaths } from '#node-runtime/oci/container-files.ts';
import { reopenLog } from '#node-runtime/oci/reopen-log.ts';
import { eventually, patience, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
let pod: TestPod;
beforeAll(async () => {
  node = await startTestNode();
  pod = await node.pod();
});
afterAll(() => node?.close());

const LINES = 60_000;
/** Writes numbered lines of half a kilobyte, as fast as they are taken. */
const WRITER = [
  'node',
  '-e',
  `const fill = 'x'.repeat(500);
   for (let i = 0; i < ${LINES}; i += 1) require('fs').writeSync(1, i + ' ' + fill + ' end\\n');`,
];
const MIBIBYTE = 1 << 20;

async function textOf(path: string): Promise<string> {
  const octets = await readFile(path);
  return (path.endsWith('.gz') ? gunzipSync(octets) : octets).toString('latin1');
}

/** Whole lines: pieces of one that was cut for its length or by the end of a read are put together. */
function linesOf(log: string): string[] {
  const entries = log.split('\n').slice(0, -1);
  const text = entries.map((entry) => {
    const [, , tag, ...rest] = entry.split(' ');
    return rest.join(' ') + (tag === 'F' ? '\n' : '');
  });
  return text.join('').split('\n').slice(0, -1);
}

test('while a container writes as fast as it can, rotation loses and tears no line', async () => {
  const plan = pod.plan(WRITER);
  await node.containers.create(plan);
  await node.containers.start(plan.id);
  const paths = containerPaths(node.config, plan.id);
  const ended = node.containers.exited(plan.id, patience());
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  let rotations = 0;
  await eventually(async () => {
    const world = { clock: systemClock, reopen: () => reopenLog(paths) };
    if (await rotateLog(plan.logPath, { maxBytes: MIBIBYTE, maxFiles: 100 }, world)) rotations += 1;
    return isOver || undefined;
  });
  await ended;
  const files = [...(await rotatedLogs(plan.logPath)), plan.logPath];
  const lines = linesOf((await Promise.all(files.map(textOf))).join(''));
  expect(rotations).toBeGreaterThan(2);
  expect(lines).toHaveLength(LINES);
  expect(lines.findIndex((line, i) => !line.startsWith(`${i} x`) || !line.endsWith('x end'))).toBe(-1);
});

test('the log of a container that has ended is left as it is', async () => {
  const { id, output } = await pod.run(['sh', '-c', 'echo a; echo b']);
  const { logPath } = pod.plan(['true']);
  const path = logPath.replace(/[^/]+$/, `${id}.log`);
  const limits = { maxBytes: 1, maxFiles: 5 };
  const world = { clock: systemClock, reopen: () => reopenLog(containerPaths(node.config, id)) };
  expect(output).toBe('a\nb\n');
  expect(await rotateLog(path, limits, world)).toBe(false);
});
