import { describe, expect, test } from 'vitest';
import {
  formatLocality,
  localityMatches,
  localityOfLabels,
  localityOfNode,
  parseLocality,
} from './locality.ts';

describe("a pod's label says where it is", () => {
  test.each([
    [{ 'istio-locality': 'r1.z1.s1' }, 'r1/z1/s1'],
    [{ 'istio-locality': 'r1.z1' }, 'r1/z1/'],
    [{ 'istio-locality': 'r1' }, 'r1//'],
    [{ 'istio-locality': 'r1/z.1/s1' }, 'r1/z.1/s1'],
    [{ 'istio-locality': '' }, undefined],
    [{}, undefined],
  ])('%j is %s', (labels, expected) => {
    const found = localityOfLabels(labels);
    expect(found && formatLocality(found)).toBe(expected);
  });
});

test("a node's labels say where it is, if any does", () => {
  expect(localityOfNode({ 'topology.kubernetes.io/zone': 'z1' })).toEqual(parseLocality('/z1/'));
  expect(localityOfNode({ app: 'a' })).toBeUndefined();
});

describe('a rule speaks of a locality', () => {
  test.each([
    ['r1/z1/s1', 'r1/z1/s1', true],
    ['r1/z1/s1', 'r1/z1', true],
    ['r1/z1/s1', 'r1', true],
    ['r1/z1/s1', 'r1/z1/*', true],
    ['r1/z1/s1', 'r1/*', true],
    ['r1/z1/s1', '*', true],
    ['r1/z1/s1', 'r1/z1/s2', false],
    ['r1/z1/s1', 'r1/z2/*', false],
    ['r1/z1/', 'r1/z1/s1', false],
    ['//', '*', true],
    ['//', 'r1', false],
  ])('%s and %s: %s', (locality, rule, expected) =>
    expect(localityMatches(parseLocality(locality), rule)).toBe(expected),
  );
});
