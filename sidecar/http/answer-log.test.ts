import { describe, expect, test } from 'vitest';
import { createLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { type Answered, AnswerLog } from './answer-log.ts';

const ANSWERED: Answered = {
  request: { method: 'GET', path: '/a?token=secret', authority: 'app.test' },
  status: 503,
  flag: 'UH',
  reason: 'no endpoint of app.test is available',
  route: 'default',
  cluster: 'outbound|80||app.test',
  durationMs: 1.23456,
};

function startLog(): { clock: ManualClock; log: AnswerLog; lines: Record<string, unknown>[] } {
  const clock = new ManualClock();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  const logger = createLogger({ level: 'info', write, wallMs: () => 0 });
  return { clock, log: new AnswerLog(logger, clock, 'outbound sidecar of a.b'), lines };
}

describe('the log of answers', () => {
  test('says what was asked, what was answered and why, without the query', () => {
    const { log, lines } = startLog();
    log.write(() => ANSWERED);
    expect(lines).toEqual([
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'info',
        message: 'answered here',
        hop: 'outbound sidecar of a.b',
        method: 'GET',
        path: '/a',
        authority: 'app.test',
        status: 503,
        flag: 'UH',
        reason: 'no endpoint of app.test is available',
        route: 'default',
        cluster: 'outbound|80||app.test',
        durationMs: 1.235,
      },
    ]);
  });

  test.each([
    ['a request that could not be read', { request: undefined }, ['method', 'path', 'authority'], {}],
    ['an answer of a rule', { reason: '', cluster: '', route: '' }, ['reason', 'cluster', 'route'], {}],
    [
      'what a client may send',
      { request: { method: 'G\r\nT', path: `/é${'a'.repeat(999)}`, authority: '' } },
      [],
      { method: 'G??T', path: `/?${'a'.repeat(254)}`, authority: '' },
    ],
  ])('%s', (_, change, absent, present) => {
    const { log, lines } = startLog();
    log.write(() => ({ ...ANSWERED, ...change }));
    expect(lines[0]).toMatchObject(present);
    for (const name of absent) expect(lines[0]).not.toHaveProperty(name);
  });

  test('a flood is written as its first lines and a number', () => {
    const { clock, log, lines } = startLog();
    let described = 0;
    const describeOne = (): Answered => {
      described += 1;
      return ANSWERED;
    };
    for (let i = 0; i < 1_000; i++) log.write(describeOne);
    expect(described).toBe(50);
    expect(lines).toHaveLength(50);
    clock.advance(5_000);
    expect(lines[50]).toMatchObject({ level: 'warn', answers: 950 });
    for (let i = 0; i < 100; i++) log.write(describeOne);
    expect(lines).toHaveLength(101);
    clock.advance(60_000);
    expect(lines[101]).toMatchObject({ level: 'warn', answers: 50 });
    expect(lines).toHaveLength(102);
  });
});
