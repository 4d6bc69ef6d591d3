import { expect, test } from 'vitest';
import { type PutOff, WriteTurn } from './write-turn.ts';

/** A turn whose end is called by hand, and writes that note when they are told to go out. */
function turns() {
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const turn = new WriteTurn((task) => void ends.push(task));
  const write = (name: string): PutOff => ({ flush: () => void log.push(name) });
  return {
    turn,
    log,
    write,
    /** How many ends are awaited. */
    get awaited() {
      return ends.length;
    },
    end: () => ends.splice(0).forEach((task) => void task()),
    /** Asks for `count` writes in one turn; returns how many were put off. */
    ask(count: number): number {
      let taken = 0;
      for (let i = 0; i < count; i++) if (turn.takes(write(String(i)))) taken += 1;
      return taken;
    },
  };
}

test('writes go out at once while turns have few of them, but for a trial', () => {
  const t = turns();
  expect(t.ask(31)).toBe(0);
  expect(t.ask(1)).toBe(1);
  expect(t.awaited).toBe(1);
  t.end();
  expect(t.log).toEqual(['0']);
  expect(t.ask(31)).toBe(0);
});

test('a busy turn makes the next ones wait for their end, until one is not busy', () => {
  const t = turns();
  expect(t.ask(31 + 8)).toBe(8);
  t.end();
  expect(t.ask(3)).toBe(3);
  expect(t.log).toHaveLength(8);
  t.end();
  expect(t.log).toHaveLength(8 + 3);
  expect(t.ask(1)).toBe(0);
});

test('the end of a turn is asked for once', () => {
  const t = turns();
  t.ask(31 + 20);
  expect(t.awaited).toBe(1);
});

test('no more than 64 wait at once, and all of a turn count', () => {
  const t = turns();
  expect(t.ask(31 + 64 + 5)).toBe(69);
  expect(t.log).toHaveLength(64);
  expect(t.awaited).toBe(1);
  t.end();
  expect(t.log).toHaveLength(69);
  expect(t.ask(1)).toBe(1);
});

test('what a write puts off while it goes out, goes out with it', () => {
  const t = turns();
  t.ask(31 + 8);
  t.turn.takes({ flush: () => void t.turn.takes(t.write('later')) });
  t.end();
  expect(t.log.slice(8)).toEqual(['later']);
});

test('every write that was taken goes out, however many a turn has and whatever they bring about', () => {
  const ends: (() => void)[] = [];
  const turn = new WriteTurn((task) => void ends.push(task));
  /** As a wire does: what is to be written is known only after it was taken. */
  class Late implements PutOff {
    #bytes: string | undefined;
    send(bytes: string): void {
      if (turn.takes(this)) this.#bytes = bytes;
      else written.push(bytes);
    }
    flush(): void {
      if (this.#bytes === undefined) return;
      written.push(this.#bytes);
      this.#bytes = undefined;
      if (sent < COUNT * 2) send();
    }
  }
  const written: string[] = [];
  const COUNT = 300;
  let sent = 0;
  const send = (): void => {
    sent += 1;
    new Late().send(String(sent));
  };
  for (let i = 0; i < COUNT; i++) send();
  while (ends.length > 0) ends.shift()!();
  expect(written.length).toBe(sent);
  expect(new Set(written).size).toBe(sent);
});
