import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOfFieldValue } from './field-values.ts';
import { FIELD } from './octets.ts';

function byOctet(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && FIELD[bytes[p]!] === 1) p++;
  return p;
}

test('is found wherever it is, aligned or not', () => {
  const octet = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 33, max: 126 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 9, 10, 13, 31, 32, 126, 127, 128, 160, 254, 255) },
  );
  const stretch = fc.record({
    octets: fc.array(octet, { maxLength: 40 }),
    offset: fc.nat(7),
    at: fc.nat(40),
    end: fc.nat(40),
  });
  fc.assert(
    fc.property(stretch, ({ octets, offset, at, end }) => {
      const bytes = Buffer.from(new Uint8Array([...Array(offset).fill(65), ...octets]).buffer).subarray(
        offset,
      );
      const to = Math.min(end, octets.length);
      const from = Math.min(at, to);
      expect(endOfFieldValue(bytes, from, to)).toBe(byOctet(bytes, from, to));
    }),
    { numRuns: 5000 },
  );
});

test('is found for every single octet', () => {
  for (let octet = 0; octet < 256; octet++) {
    for (let at = 0; at < 8; at++) {
      const bytes = Buffer.alloc(8, 'x');
      bytes[at] = octet;
      expect(endOfFieldValue(bytes, 0, 8), `octet ${octet} at ${at}`).toBe(byOctet(bytes, 0, 8));
    }
  }
});
