import { expect, test } from 'vitest';
import { type PodTemplate, PodTemplate as Schema } from '#api/kinds/pod-spec.ts';
import { sameTemplate, templateHash } from './template-hash.ts';

const template = (image: string, more: object = {}): PodTemplate =>
  Schema.parse({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'app', image }] },
    ...more,
  });

test('equal templates have equal hashes, whatever the order of their members', () => {
  const a = Schema.parse({
    metadata: { labels: { a: '1', b: '2' } },
    spec: { containers: [{ name: 'x', image: 'i' }] },
  });
  const b = Schema.parse({
    spec: { containers: [{ image: 'i', name: 'x' }] },
    metadata: { labels: { b: '2', a: '1' } },
  });
  expect(templateHash(a, 0)).toBe(templateHash(b, 0));
  expect(sameTemplate(a, b)).toBe(true);
});

test('the hash label of an earlier revision does not count, so a template can be taken back', () => {
  const labelled = template('v1', { metadata: { labels: { app: 'web', 'pod-template-hash': 'abc' } } });
  expect(sameTemplate(labelled, template('v1'))).toBe(true);
  expect(templateHash(labelled, 0)).toBe(templateHash(template('v1'), 0));
});

test.each([
  { name: 'image', other: template('v2') },
  {
    name: 'annotations',
    other: template('v1', { metadata: { labels: { app: 'web' }, annotations: { a: 'b' } } }),
  },
  { name: 'labels', other: template('v1', { metadata: { labels: { app: 'web', x: 'y' } } }) },
])('another $name is another revision', ({ other }) => {
  expect(sameTemplate(template('v1'), other)).toBe(false);
  expect(templateHash(template('v1'), 0)).not.toBe(templateHash(other, 0));
});

test('a collision gives another hash, and every hash fits names and labels', () => {
  const hashes = Array.from({ length: 50 }, (_, i) => templateHash(template('v1'), i));
  expect(new Set(hashes).size).toBe(50);
  for (const hash of hashes) expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
});
