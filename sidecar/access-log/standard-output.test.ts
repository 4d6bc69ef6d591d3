import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { StandardOutput } from './standard-output.ts';

/** A reader that takes what it is told to. */
class Reader {
  text = '';
  readonly sizes: number[] = [];
  #pending: (() => void)[] = [];
  /** Octets of the next writes; then everything. */
  takes: (number | Error)[] = [];
  isStanding = false;

  readonly write = (
    octets: Buffer,
    start: number,
    length: number,
    done: (error: Error | null, written: number) => void,
  ): void => {
    const answer = (): void => {
      const take = this.takes.shift() ?? length;
      if (take instanceof Error) {
        done(take, 0);
        return;
      }
      this.text += octets.toString('latin1', start, start + take);
      this.sizes.push(take);
      done(null, take);
    };
    if (this.isStanding) this.#pending.push(answer);
    else answer();
  };

  goOn(): void {
    this.isStanding = false;
    for (const answer of this.#pending.splice(0)) answer();
  }
}

function setup() {
  const clock = new ManualClock();
  const reader = new Reader();
  return { clock, reader, output: new StandardOutput(reader.write, clock) };
}

function write(output: StandardOutput, line: string): boolean {
  return output.write(Buffer.from(line), line.length);
}

const KIBIBYTE = `${'x'.repeat(1023)}\n`;

test('lines wait for company, but not for long', () => {
  const { clock, reader, output } = setup();
  write(output, 'a\n');
  write(output, 'b\n');
  expect(reader.sizes).toEqual([]);
  clock.advance(100);
  expect(reader.sizes).toEqual([4]);
  expect(reader.text).toBe('a\nb\n');
  expect([output.written, output.dropped]).toEqual([2, 0]);
});

test('a full batch goes at once, and only whole lines are in it', () => {
  const { reader, output } = setup();
  const line = `${'x'.repeat(699)}\n`;
  for (let i = 0; i < 94; i += 1) write(output, line);
  expect(reader.sizes).toEqual([93 * 700]);
});

test('what the program says goes at once, in any characters', () => {
  const { reader, output } = setup();
  write(output, 'a\n');
  output.say('grün\n');
  expect(Buffer.from(reader.text, 'latin1').toString()).toBe('a\ngrün\n');
});

test('while a write is under way nothing is added to it, and the next one waits again', () => {
  const { clock, reader, output } = setup();
  reader.isStanding = true;
  write(output, 'a\n');
  clock.advance(100);
  write(output, 'b\n');
  write(output, 'c\n');
  reader.goOn();
  expect(reader.text).toBe('a\n');
  clock.advance(100);
  expect(reader.sizes).toEqual([2, 4]);
});

test('a pipe that takes less than it is given gets the rest in order', () => {
  const { clock, reader, output } = setup();
  const full = Object.assign(new Error('full'), { code: 'EAGAIN' });
  reader.takes = [1, full, 2];
  write(output, 'abcdef\n');
  clock.advance(100);
  expect(reader.text).toBe('a');
  output.say('after\n');
  clock.advance(1);
  expect(reader.text).toBe('abcdef\nafter\n');
  expect([output.written, output.dropped]).toEqual([1, 0]);
});

test('a reader that stands still costs 1 MiB and no more; what is lost is counted', async () => {
  const { reader, output } = setup();
  reader.isStanding = true;
  const accepted = Array.from({ length: 3000 }, () => write(output, KIBIBYTE)).filter(Boolean).length;
  expect(accepted).toBe(1024);
  expect(output.dropped).toBe(3000 - 1024);
  reader.goOn();
  await output.flush(1);
  expect(reader.text).toHaveLength(1024 * 1024);
  expect(output.written).toBe(1024);
});

test('a reader that went away loses what was meant for it', () => {
  const { clock, reader, output } = setup();
  reader.takes = [Object.assign(new Error('gone'), { code: 'EPIPE' })];
  write(output, 'a\n');
  clock.advance(100);
  write(output, 'b\n');
  clock.advance(100);
  expect(reader.text).toBe('b\n');
  expect([output.written, output.dropped]).toEqual([1, 1]);
});

test('a flush ends when all is written, or when its time is up', async () => {
  const { clock, reader, output } = setup();
  await output.flush(1000);
  write(output, 'a\n');
  await output.flush(1000);
  expect(reader.text).toBe('a\n');
  reader.isStanding = true;
  write(output, 'b\n');
  const flushed = output.flush(1000);
  clock.advance(1000);
  await flushed;
  expect(reader.text).toBe('a\n');
});

/** A program that writes lines of both kinds as fast as it can, and ends. Something else keeps it alive, as open ports do a sidecar. */
const PROGRAM = `
  import { systemClock } from '#api/foundation/clock.ts';
  import { openStandardOutput } from './sidecar/access-log/open-standard-output.ts';
  import { StandardOutput } from './sidecar/access-log/standard-output.ts';
  const output = new StandardOutput(openStandardOutput(), systemClock);
  const line = 'x'.repeat(700);
  setInterval(() => {}, 1000);
  for (let i = 0; i < 3000; i += 1) {
    const octets = Buffer.from(i + ' ' + line + ' end\\n');
    output.write(octets, octets.length);
    if (i % 100 === 0) output.say('said ' + i + ' end\\n');
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await output.flush(Number(process.argv[1]));
  process.stderr.write(JSON.stringify({ written: output.written, dropped: output.dropped }));
  process.exit(0);
`;

/** Beside a reader: `socket` is what Node makes of a pipe to its children, `pipe` what a container's monitor reads. */
function program(kind: 'pipe' | 'socket', flushMs: number, reader = 'cat') {
  const run = [process.execPath, '--input-type=module', '-e', PROGRAM, String(flushMs)];
  const script = '{ "$@"; echo " exit $?" >&2; } | exec $READER';
  const command = kind === 'socket' ? run : ['sh', '-c', script, 'sh', ...run];
  return spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, READER: reader },
    detached: true,
  });
}

async function textOf(stream: AsyncIterable<Buffer>, until?: RegExp): Promise<string> {
  let text = '';
  for await (const piece of stream) {
    text += String(piece);
    if (until?.test(text)) break;
  }
  return text;
}

function countsOf(text: string): { written: number; dropped: number } {
  return JSON.parse(/\{.*\}/.exec(text)![0]) as { written: number; dropped: number };
}

test.each(['pipe', 'socket'] as const)(
  'through a real %s every line arrives whole, or is counted',
  async (kind) => {
    const child = program(kind, 10_000);
    const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    const { written, dropped } = countsOf(err);
    const lines = out.split('\n').slice(0, -1);
    expect(lines.every((line) => / end$/.test(line))).toBe(true);
    expect(lines.filter((line) => !line.startsWith('said'))).toHaveLength(written);
    expect(written + dropped).toBe(3000);
  },
);

test('a pipe that nobody reads does not keep the program from ending', async () => {
  const child = program('pipe', 50, 'sleep 600');
  const err = await textOf(child.stderr, /exit \d/);
  process.kill(-child.pid!, 'SIGKILL');
  const { written, dropped } = countsOf(err);
  expect(err).toContain('exit 0');
  expect(dropped).toBeGreaterThan(0);
  expect(written + dropped).toBeLessThan(3000);
});
