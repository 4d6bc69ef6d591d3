/**
 * What long work shows: one line a step. On a terminal a spinner turns until the step is done; elsewhere a line says
 * what begins and another one how it ended, so that a log reads well.
 */
import type { Style } from './style.ts';

export interface Step {
  /** What is being waited for right now. */
  note(text: string): void;
  /** Ends the step well; `detail` stands after its title. */
  done(detail?: string): void;
  /** Ends the step badly. */
  failed(): void;
}

export interface Progress {
  step(title: string): Step;
  /** Runs `work` as a step; a throw ends the step badly. The string that it resolves with is the detail. */
  run<T>(title: string, work: (step: Step) => Promise<T>, detail?: (result: T) => string): Promise<T>;
}

export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;

export function createProgress(stream: ProgressStream, style: Style, nowMs: () => number): Progress {
  const begin = stream.isTTY && style.on ? spinning(stream, style, nowMs) : plain(stream, nowMs);
  return {
    step: begin,
    async run(title, work, detail) {
      const step = begin(title);
      try {
        const result = await work(step);
        step.done(detail?.(result));
        return result;
      } catch (error) {
        step.failed();
        throw error;
      }
    },
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function plain(stream: ProgressStream, nowMs: () => number) {
  return (title: string): Step => {
    const start = nowMs();
    let last = '';
    stream.write(`${title} ...\n`);
    return {
      note(text) {
        if (text !== last) stream.write(`  ${text}\n`);
        last = text;
      },
      done: (detail) =>
        stream.write(`${title}: ${detail === undefined ? 'done' : detail} (${seconds(nowMs() - start)})\n`),
      failed: () => stream.write(`${title}: failed (${seconds(nowMs() - start)})\n`),
    };
  };
}

function spinning(stream: ProgressStream, style: Style, nowMs: () => number) {
  return (title: string): Step => {
    const start = nowMs();
    let note = '';
    let frame = 0;
    const draw = (): void => {
      const text = `${title}${note === '' ? '' : ` · ${note}`}`.slice(0, (stream.columns ?? 80) - 4);
      stream.write(`\r\x1b[2K${style.cyan(FRAMES[frame % FRAMES.length]!)} ${text}`);
      frame += 1;
    };
    const timer = setInterval(draw, FRAME_MS);
    draw();
    const end = (mark: string, detail: string): void => {
      clearInterval(timer);
      stream.write(`\r\x1b[2K${mark} ${title}${detail} ${style.dim(seconds(nowMs() - start))}\n`);
    };
    return {
      note: (text) => {
        note = text;
      },
      done: (detail) => end(style.green('✓'), detail === undefined ? '' : ` ${style.dim(`· ${detail}`)}`),
      failed: () => end(style.red('✗'), ''),
    };
  };
}
