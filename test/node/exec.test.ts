import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, execute, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
let pod: TestPod;
beforeAll(async () => {
  node = await startTestNode();
  pod = await node.pod();
});
afterAll(() => node?.close());

const sh = (script: string): string[] => ['sh', '-c', script];

describe('exec', () => {
  let id: string;
  beforeAll(async () => {
    // A shell that waits also reaps the orphans of others, as the first process of a container should.
    id = await pod.start(sh('while :; do sleep 0.1; done'), { env: { COLOUR: 'blue' } });
  });
  afterAll(() => node.containers.remove(id));
  const exec = (script: string, options = {}) => execute(node.containers, id, sh(script), options);

  test('gives output and exit code', async () => {
    expect(await exec('echo hello; exit 5')).toEqual({ code: 5, output: 'hello\n' });
  });

  test('has the environment of the container, and more', async () => {
    const { output } = await exec('echo $COLOUR $SIZE', { env: { SIZE: 'big' } });
    expect(output).toBe('blue big\n');
  });

  test('runs as who was asked, as confined as the container', async () => {
    const { output } = await exec('id -u; grep CapEff /proc/self/status', { uid: 0, gid: 0 });
    expect(output).toMatch(/^0\nCapEff:\s+0+\n$/);
  });

  test('takes input', async () => {
    expect((await exec('cat', { stdin: Readable.from(['one ', 'two']) })).output).toBe('one two');
  });

  test.each([1, 100])('ends after its time (%i ms) with 124, its children too', async (timeoutMs) => {
    expect((await exec('sleep 1000 & sleep 1000', { timeoutMs })).code).toBe(124);
    await eventually(async () => (await node.containers.usage(id))!.pids <= 2 || undefined);
  });

  test('does not begin when the caller has given up', async () => {
    const abort = new AbortController();
    const running = exec('sleep 1000', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  test('ends when the caller gives up', async () => {
    const abort = new AbortController();
    const running = exec('sleep 1000', { signal: abort.signal });
    const pids = async () => (await node.containers.usage(id))!.pids;
    await eventually(async () => (await pids()) > 2 || undefined);
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await eventually(async () => (await pids()) <= 2 || undefined);
  });

  test('in a container that does not run is refused', async () => {
    const { id: ended } = await pod.run(sh('true'));
    await expect(execute(node.containers, ended, ['true'])).rejects.toThrow('is exited');
  });
});
