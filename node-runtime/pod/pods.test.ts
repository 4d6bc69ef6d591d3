import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { Pods } from './pods.ts';
import { RecordStore } from './record-store.ts';
import { sweepUnowned } from './sweep.ts';
import { FakeNode } from './testing/fake-node.ts';
import { pod, record } from './testing/fixtures.ts';

let directory: string;
let node: FakeNode;
let forgotten: string[];
let known: () => Promise<boolean>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-pods-'));
  node = new FakeNode();
  forgotten = [];
  known = async () => true;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function store(): RecordStore {
  return new RecordStore(join(directory, 'pods'), silentLogger);
}

/** The pods of a node runtime that just started, on whatever the one before left. */
function start(): Pods {
  const records = store();
  let next = 2;
  const pods = new Pods({
    clock: node.clock,
    random: seededRandom(1),
    logger: silentLogger,
    meshId: 'm',
    store: records,
    addresses: { allocate: () => `10.244.0.${next++}` },
    injected: () => known(),
    forget: async ({ metadata }) => void forgotten.push(metadata.name ?? ''),
    toolsFor: () => ({ tools: { ...node.tools(), save: (of) => records.save(of) }, close: () => {} }),
  });
  pods.adopt(records.load());
  return pods;
}

const deleting = { deletionTimestamp: '2023-11-14T22:13:20Z', deletionGracePeriodSeconds: 0 };

test('takes a new pod on and writes it down before anything is done', async () => {
  const pods = start();
  pods.seen(pod());
  await node.settle();
  expect(node.journal.at(0)).toBe('set up sandbox');
  expect(store().load()).toMatchObject([{ ip: '10.244.0.2', sandbox: 'm-u1', injected: true }]);
});

test('a new node runtime goes on with what the one before wrote down', async () => {
  const first = start();
  first.seen(pod());
  await node.settle();
  first.stop();
  node.journal.length = 0;
  const second = start();
  await node.settle();
  expect(node.journal).toEqual([]);
  expect(second.find('shop', 'web')?.record.ip).toBe('10.244.0.2');
});

test('a pod that left the API meanwhile is ended', async () => {
  const first = start();
  first.seen(pod());
  await node.settle();
  first.stop();
  const second = start();
  await node.settle();
  second.keepOnly([]);
  await node.settle();
  expect(node.views.size).toBe(0);
  expect(second.workers).toEqual([]);
  await expect.poll(() => readdirSync(join(directory, 'pods'))).toEqual([]);
});

test('a pod that is deleted while nobody can say whether it gets a sidecar never starts', async () => {
  known = () => Promise.reject(new Error('the API is away'));
  const pods = start();
  pods.seen(pod());
  await node.settle();
  pods.gone(pod());
  known = async () => true;
  await node.advance(10_000);
  expect(node.journal).toEqual([]);
});

test('a pod waits for the API to say whether it gets a sidecar', async () => {
  known = () => Promise.reject(new Error('the API is away'));
  const pods = start();
  pods.seen(pod());
  await node.settle();
  expect(node.journal).toEqual([]);
  known = async () => false;
  await node.advance(1_000);
  expect(node.journal).toEqual(['set up sandbox', 'create app-0', 'start app-0']);
});

test.each<[string, Partial<Pod>, Record<string, unknown>, string[]]>([
  ['one that ran to its end is left alone', { status: { phase: 'Succeeded' } }, {}, []],
  ['one that ended and is deleted is forgotten', { status: { phase: 'Failed' } }, deleting, ['web']],
  ['one that is deleted before it came is forgotten', {}, deleting, ['web']],
])('of pods from before: %s', async (_, more, metadata, expected) => {
  const pods = start();
  pods.seen({ ...pod({}, metadata), ...more });
  await node.settle();
  expect(node.journal).toEqual([]);
  expect(forgotten).toEqual(expected);
});

test('late news of a pod that is over does not bring it back', async () => {
  const pods = start();
  pods.seen(pod());
  await node.settle();
  pods.seen(pod({}, deleting));
  await node.settle();
  expect(node.forgotten).toEqual(['web']);
  node.journal.length = 0;
  pods.seen(pod({}, { ...deleting, resourceVersion: '9' }));
  await node.settle();
  expect(node.journal).toEqual([]);
});

test('a pod that ran on this machine before it lost its memory goes on counting', async () => {
  const pods = start();
  const running = { running: { startedAt: '2023-11-14T22:13:20Z' } };
  const containerStatuses = [{ name: 'app', restartCount: 4, ready: true, state: running }];
  pods.seen({ ...pod(), status: { phase: 'Running', containerStatuses } });
  await node.settle();
  expect(node.journal).toContain('start app-5');
});

test('a record that cannot be read is passed over, and what is left of its pod is swept', async () => {
  const records = store();
  records.save(record());
  writeFileSync(join(directory, 'pods/u1/pod.json'), '{"half');
  expect(records.load()).toEqual([]);
  const tools = node.tools();
  node.sandboxes.add('m-u1');
  node.sandboxes.add('m-u2');
  await sweepUnowned([], {
    meshId: 'm',
    sandboxes: tools.sandboxes,
    store: records,
    podVolumes: join(directory, 'volumes'),
    logger: silentLogger,
  });
  expect(node.sandboxes.size).toBe(0);
  expect(records.uids()).toEqual([]);
});

test('what has a record is not swept', async () => {
  const records = store();
  records.save(record());
  node.sandboxes.add('m-u1');
  await sweepUnowned(records.load(), {
    meshId: 'm',
    sandboxes: node.tools().sandboxes,
    store: records,
    podVolumes: join(directory, 'volumes'),
    logger: silentLogger,
  });
  expect([...node.sandboxes]).toEqual(['m-u1']);
  expect(records.uids()).toEqual(['u1']);
});
