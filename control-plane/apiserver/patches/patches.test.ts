import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

/** RFC 7396, appendix A. */
describe('a merge patch', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  it('applied twice is as applied once, and leaves its input alone', () => {
    fc.assert(
      fc.property(fc.object(), fc.object(), (target, patch) => {
        const before = structuredClone(target);
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        expect(target).toEqual(before);
      }),
    );
  });
});

describe('a JSON patch', () => {
  it.each([
    [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [{ a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }], { a: { b: 2 } }],
    [
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'remove', path: '/c~0d' },
      ],
      {},
    ],
    [{ a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    [{ a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { x: 1 }, b: { x: 1 } }],
    [{ a: { x: [1] } }, [{ op: 'test', path: '/a', value: { x: [1] } }], { a: { x: [1] } }],
    [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(jsonPatch(target, patch)).toEqual(expected);
  });

  it.each([
    ['no list', { op: 'add' }, 'BadRequest'],
    ['an unknown operation', [{ op: 'paint', path: '/a' }], 'BadRequest'],
    ['a path that is missing', [{ op: 'add', value: 1 }], 'BadRequest'],
    ['a source that is missing', [{ op: 'move', path: '/a' }], 'BadRequest'],
    ['more operations than allowed', Array(10_001).fill({ op: 'test', path: '', value: {} }), 'BadRequest'],
    ['a failed test', [{ op: 'test', path: '/a', value: 9 }], 'Invalid'],
    ['removing what is not there', [{ op: 'remove', path: '/nothing' }], 'Invalid'],
    ['replacing what is not there', [{ op: 'replace', path: '/nothing', value: 1 }], 'Invalid'],
    ['a parent that is not there', [{ op: 'add', path: '/x/y', value: 1 }], 'Invalid'],
    ['a place beyond the list', [{ op: 'add', path: '/list/9', value: 1 }], 'Invalid'],
    ['a place that is no number', [{ op: 'add', path: '/list/first', value: 1 }], 'Invalid'],
    ['a pointer without its slash', [{ op: 'remove', path: 'a' }], 'Invalid'],
    ['the way to the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 'Invalid'],
  ])('is refused: %s', (_, patch, reason) => {
    expect(() => jsonPatch({ a: 1, list: [1] }, patch)).toThrow(expect.objectContaining({ reason }));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

it('a JSON patch cannot grow by copies of copies', () => {
  const doubling = Array.from({ length: 64 }, (_, i) => ({ op: 'copy', from: '', path: `/copy${i}` }));
  expect(() => jsonPatch({ a: 'x'.repeat(100) }, doubling)).toThrow(expect.objectContaining({ code: 413 }));
});

describe('a strategic merge patch', () => {
  const containers = [
    { name: 'app', image: 'a:1', env: [{ name: 'A', value: '1' }] },
    { name: 'helper', image: 'h:1' },
  ];

  it.each([
    [
      'merges containers by name, and their environment too',
      { containers },
      { containers: [{ name: 'app', image: 'a:2', env: [{ name: 'B', value: '2' }] }] },
      {
        containers: [
          {
            name: 'app',
            image: 'a:2',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'helper', image: 'h:1' },
        ],
      },
    ],
    [
      'removes an element',
      { containers },
      { containers: [{ name: 'helper', $patch: 'delete' }] },
      { containers: [containers[0]] },
    ],
    [
      'replaces a list whole',
      { containers },
      { containers: [{ $patch: 'replace' }, { name: 'new' }] },
      { containers: [{ name: 'new' }] },
    ],
    [
      'orders elements',
      { containers },
      {
        '$setElementOrder/containers': [{ name: 'helper' }, { name: 'app' }],
        containers: [{ name: 'app', image: 'a:3' }],
      },
      { containers: [containers[1], { ...containers[0], image: 'a:3' }] },
    ],
    [
      'merges ports of services by port and of containers by containerPort',
      { spec: { ports: [{ port: 80, targetPort: 1 }] }, ports: [{ containerPort: 1, name: 'x' }] },
      {
        spec: { ports: [{ port: 80, targetPort: 2 }, { port: 81 }] },
        ports: [{ containerPort: 1, name: 'y' }],
      },
      {
        spec: { ports: [{ port: 80, targetPort: 2 }, { port: 81 }] },
        ports: [{ containerPort: 1, name: 'y' }],
      },
    ],
    ['replaces lists without a merge key', { args: ['a', 'b'] }, { args: ['c'] }, { args: ['c'] }],
    ['adds to finalizers', { finalizers: ['a'] }, { finalizers: ['b', 'a'] }, { finalizers: ['a', 'b'] }],
    [
      'takes values out of finalizers',
      { finalizers: ['a', 'b'] },
      { '$deleteFromPrimitiveList/finalizers': ['a'] },
      { finalizers: ['b'] },
    ],
    ['removes by null', { a: 1, b: { c: 1 } }, { a: null, b: { c: null } }, { b: {} }],
    [
      'keeps only the retained keys',
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'replaces an object whole',
      { selector: { a: '1', b: '2' } },
      { selector: { $patch: 'replace', c: '3' } },
      { selector: { c: '3' } },
    ],
  ])('%s', (_, target, patch, expected) => {
    expect(strategicMerge(target, patch)).toEqual(expected);
  });

  it.each([
    ['a list', []],
    ['an element without its key', { containers: [{ image: 'x' }] }],
    ['an element that is no object', { containers: ['app'] }],
  ])('is refused: %s', (_, patch) => {
    expect(() => strategicMerge({ containers }, patch)).toThrow(
      expect.objectContaining({ reason: 'BadRequest' }),
    );
  });
});
