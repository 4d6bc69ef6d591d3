import { expect, test } from 'vitest';
import type { ContainerView } from '../pod/containers.ts';
import { awaitExit } from './await-exit.ts';

const EXIT = { code: 3, oomKilled: false, finishedAtMs: 1, known: true };
const RUNNING: ContainerView = { state: 'running', startedAtMs: 0, pid: 1 };

/** A watch that is called by hand. */
function manualWatch() {
  const looks = new Set<() => void>();
  return {
    looks,
    call: () => {
      for (const look of looks) look();
    },
    on(_: string, look: () => void) {
      looks.add(look);
      return () => looks.delete(look);
    },
  };
}

test('an exit that happened before is seen at once', async () => {
  const exit = awaitExit(
    manualWatch(),
    'c',
    async () => ({ state: 'exited', exit: EXIT }),
    new AbortController().signal,
  );
  expect(await exit).toEqual(EXIT);
});

test('an exit is seen when the watch calls, also in the middle of a look', async () => {
  const watch = manualWatch();
  const first = Promise.withResolvers<ContainerView>();
  const answers = [first.promise, Promise.resolve<ContainerView>({ state: 'exited', exit: EXIT })];
  const exit = awaitExit(watch, 'c', () => answers.shift()!, new AbortController().signal);
  watch.call();
  first.resolve(RUNNING);
  expect(await exit).toEqual(EXIT);
  expect(watch.looks.size).toBe(0);
});

test('a container that is not there is refused', async () => {
  const exit = awaitExit(manualWatch(), 'c', async () => ({ state: 'absent' }), new AbortController().signal);
  await expect(exit).rejects.toThrow('there is no container c');
});

test('a look that fails is reported', async () => {
  const view = async () => {
    throw new Error('disk is gone');
  };
  await expect(awaitExit(manualWatch(), 'c', view, new AbortController().signal)).rejects.toThrow(
    'disk is gone',
  );
});

test.each(['before', 'while'])('the wait ends when the caller gives up %s it', async (when) => {
  const watch = manualWatch();
  const abort = new AbortController();
  if (when === 'before') abort.abort(new Error('enough'));
  const exit = awaitExit(watch, 'c', async () => RUNNING, abort.signal);
  if (when === 'while') abort.abort(new Error('enough'));
  await expect(exit).rejects.toThrow('enough');
  expect(watch.looks.size).toBe(0);
});
