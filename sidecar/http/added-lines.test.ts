import { describe, expect, test } from 'vitest';
import { AddedLines, ENTROPY_BYTES } from './added-lines.ts';

function lines(added: AddedLines, ...missing: [boolean, boolean, boolean]): string {
  const out = Buffer.alloc(added.length);
  return out.toString('latin1', 0, added.put(out, 0, ...missing));
}

describe('added lines', () => {
  const entropy = (): Buffer => Buffer.from(Array.from({ length: ENTROPY_BYTES }, (_, i) => 37 * i));
  const all = new AddedLines({ peerMetadata: 'b3du', traceparent: true, entropy });

  test('have the forms that their readers expect', () => {
    expect(lines(all, true, true, true)).toMatch(
      /^x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00\r\nx-forwarded-proto: http\r\nx-envoy-peer-metadata: b3du\r\n$/,
    );
  });

  test.each<[[boolean, boolean, boolean], string[]]>([
    [
      [true, false, false],
      ['x-request-id', 'x-envoy-peer-metadata'],
    ],
    [
      [false, true, false],
      ['traceparent', 'x-envoy-peer-metadata'],
    ],
    [
      [false, false, true],
      ['x-forwarded-proto', 'x-envoy-peer-metadata'],
    ],
    [[false, false, false], ['x-envoy-peer-metadata']],
  ])('are added one by one: %j', (missing, names) => {
    const written = lines(all, ...missing);
    expect([...written.matchAll(/^([a-z-]+): /gm)].map(([, name]) => name)).toEqual(names);
    expect(written).toMatch(/^(?:[a-z-]+: \S+\r\n)+$/);
  });

  test('towards the app there is no traceparent and no metadata', () => {
    const inbound = new AddedLines({ peerMetadata: '', traceparent: false, entropy });
    expect(lines(inbound, true, true, true)).toMatch(/^x-request-id: \S{36}\r\nx-forwarded-proto: http\r\n$/);
  });

  test('identifiers do not repeat, and spread over their digits', () => {
    const seen = new Set<string>();
    const lastDigits = new Map<string, number>();
    const sampled = new Map<number, number>();
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      const [, id, trace, span] = /id: (\S+)\r\ntraceparent: 00-(\w+)-(\w+)/.exec(
        lines(all, true, true, true),
      )!;
      for (const each of [id!, trace!, span!]) seen.add(each);
      const lot = Number.parseInt(id!.slice(0, 8), 16) % 10;
      sampled.set(lot, (sampled.get(lot) ?? 0) + 1);
      lastDigits.set(trace!.at(-1)!, (lastDigits.get(trace!.at(-1)!) ?? 0) + 1);
    }
    expect(seen.size).toBe(3 * count);
    expect(lastDigits.size).toBe(16);
    for (const share of sampled.values()) expect(Math.abs(share * 10 - count) / count).toBeLessThan(0.15);
    for (const share of lastDigits.values()) expect(Math.abs(share * 16 - count) / count).toBeLessThan(0.15);
  });
});
