import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { oneLocality } from '#sidecar/upstream/locality/locality-endpoints.ts';
import type { EndpointAddress } from '#sidecar/upstream/tracked-endpoint.ts';
import { DnsEndpoints, type DnsPlan, FIRST_ANSWER_MS } from './dns-endpoints.ts';
import { MAX_ADDRESSES, type NamePolicy } from './name-watch.ts';
import type { NameResolver, ResolvedAddress } from './resolver.ts';

interface Question {
  readonly name: string;
  readonly family: 4 | 6;
  readonly answer: (addresses: readonly string[], ttlMs?: number) => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** Lets what waits for an answer go on. */
async function turn(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

class Subject implements NameResolver {
  readonly clock = new ManualClock();
  readonly questions: Question[] = [];
  changes = 0;
  readonly endpoints: DnsEndpoints;

  constructor(kind: DnsPlan['kind'], policy: Partial<NamePolicy>, ...addresses: string[]) {
    const endpoints = addresses.map(
      (address): EndpointAddress => ({ address, port: 80, weight: 1, workload: undefined }),
    );
    const plan: DnsPlan = {
      kind,
      policy: { family: { order: [4], all: false }, refreshMs: 5_000, respectTtl: false, ...policy },
      assignment: { localities: oneLocality(endpoints), overprovisioningFactor: 140 },
    };
    this.endpoints = new DnsEndpoints(plan, this, this.clock, () => {
      this.changes += 1;
    });
  }

  resolve(name: string, family: 4 | 6): Promise<readonly ResolvedAddress[]> {
    return new Promise((resolve, reject) => {
      this.questions.push({
        name,
        family,
        answer: (addresses, ttlMs = 60_000) => {
          resolve(addresses.map((address) => ({ address, ttlMs })));
          return turn();
        },
        fail: () => {
          reject(new Error('nobody knows'));
          return turn();
        },
      });
    });
  }

  get addresses(): string[] {
    return this.endpoints.assignment.localities.flatMap((each) => each.endpoints.map((e) => e.address));
  }

  /** The question that is open; there must be one only. */
  get question(): Question {
    expect(this.questions).toHaveLength(1);
    return this.questions.splice(0)[0]!;
  }
}

describe('a name', () => {
  test('is an endpoint for each of its addresses, once it was answered', async () => {
    const subject = new Subject('strict', {}, 'a.test', '10.9.9.9');
    expect(subject.endpoints.ready).toBe(false);
    await subject.question.answer(['10.0.0.2', '10.0.0.1', '10.0.0.2']);
    expect([subject.endpoints.ready, subject.changes]).toEqual([true, 1]);
    expect(subject.addresses).toEqual(['10.0.0.1', '10.0.0.2', '10.9.9.9']);
  });

  test('is one endpoint where it is logical', async () => {
    const subject = new Subject('logical', {}, 'a.test');
    await subject.question.answer(['10.0.0.1', '10.0.0.2']);
    expect(subject.addresses).toEqual(['10.0.0.1']);
  });

  test('is asked for again after a while, and tells only what is new', async () => {
    const subject = new Subject('strict', {}, 'a.test');
    await subject.question.answer(['10.0.0.1', '10.0.0.2'], 1_000);
    subject.clock.advance(4_999);
    expect(subject.questions).toHaveLength(0);
    subject.clock.advance(1);
    await subject.question.answer(['10.0.0.2', '10.0.0.1']);
    expect(subject.changes).toBe(1);
    subject.clock.advance(5_000);
    await subject.question.answer(['10.0.0.2']);
    expect([subject.changes, subject.addresses]).toEqual([2, ['10.0.0.2']]);
  });

  test.each([
    [30_000, 30_000],
    [0, 1_000],
  ])('that holds for %i ms is asked for again after %i ms', async (ttlMs, afterMs) => {
    const subject = new Subject('strict', { respectTtl: true }, 'a.test');
    await subject.question.answer(['10.0.0.1'], ttlMs);
    subject.clock.advance(afterMs - 1);
    expect(subject.questions).toHaveLength(0);
    subject.clock.advance(1);
    expect(subject.questions).toHaveLength(1);
  });

  test('that leads to this machine leads nowhere', async () => {
    const subject = new Subject('strict', {}, 'a.test');
    const here = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '224.0.0.1'];
    await subject.question.answer([
      ...here,
      '10.0.0.1',
      '::1',
      '::',
      'fe80::1',
      '::ffff:127.0.0.1',
      '2001:db8::1',
    ]);
    expect(subject.addresses).toEqual(['10.0.0.1', '2001:db8::1']);
    subject.clock.advance(5_000);
    await subject.question.answer(here);
    expect(subject.addresses).toEqual(['10.0.0.1', '2001:db8::1']);
  });

  test('keeps its last addresses while nobody answers', async () => {
    const subject = new Subject('strict', { respectTtl: true }, 'a.test');
    await subject.question.answer(['10.0.0.1'], 1_000);
    for (const bad of ['fail', 'answer'] as const) {
      subject.clock.advance(5_000);
      await (bad === 'fail' ? subject.question.fail() : subject.question.answer([]));
    }
    expect([subject.addresses, subject.changes]).toEqual([['10.0.0.1'], 1]);
    subject.clock.advance(5_000);
    expect(subject.questions).toHaveLength(1);
  });

  test('has no more addresses than can be watched', async () => {
    const subject = new Subject('strict', {}, 'a.test');
    await subject.question.answer(Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`));
    expect(subject.addresses).toHaveLength(MAX_ADDRESSES);
  });

  test('is asked for in the other family when the first has nothing', async () => {
    const subject = new Subject('strict', { family: { order: [6, 4], all: false } }, 'a.test');
    await subject.question.fail();
    const second = subject.question;
    expect(second.family).toBe(4);
    await second.answer(['10.0.0.1']);
    expect(subject.addresses).toEqual(['10.0.0.1']);
  });
});

describe('a cluster is ready', () => {
  test('when the first answer is that there is none', async () => {
    const subject = new Subject('strict', {}, 'a.test');
    await subject.question.fail();
    expect([subject.endpoints.ready, subject.changes, subject.addresses]).toEqual([true, 1, []]);
  });

  test('when nobody answers for too long, and hears the answer nevertheless', async () => {
    const subject = new Subject('strict', {}, 'a.test');
    subject.clock.advance(FIRST_ANSWER_MS);
    expect([subject.endpoints.ready, subject.changes]).toEqual([true, 1]);
    await subject.question.answer(['10.0.0.1']);
    expect([subject.changes, subject.addresses]).toEqual([2, ['10.0.0.1']]);
  });

  test('when there is nothing to resolve', () => {
    const subject = new Subject('strict', {}, '10.0.0.1');
    subject.clock.advance(0);
    expect([subject.endpoints.ready, subject.changes, subject.addresses]).toEqual([true, 1, ['10.0.0.1']]);
  });

  test('never after it was stopped', async () => {
    const subject = new Subject('strict', {}, 'a.test');
    const { question } = subject;
    subject.endpoints.stop();
    await question.answer(['10.0.0.1']);
    subject.clock.advance(60_000);
    expect([subject.changes, subject.questions.length]).toEqual([0, 0]);
  });
});
