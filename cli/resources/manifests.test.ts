import { describe, expect, test } from 'vitest';
import { loadManifests, readManifests } from './manifests.ts';

const mistakes = (text: string): readonly string[] => readManifests('f.yaml', text).mistakes;
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n';
const CONFIG = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

describe('manifest files', () => {
  test('hold several documents, empty ones among them', () => {
    const { manifests } = readManifests(
      'f.yaml',
      `---\n${CONFIG('a')}---\n---\n# nothing\n---\n${CONFIG('b')}`,
    );
    expect(manifests.map(({ object, place }) => [object.metadata.name, place])).toEqual([
      ['a', 'f.yaml:2'],
      ['b', 'f.yaml:9'],
    ]);
  });

  test('hold lists, which are taken apart', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }],
    };
    expect(readManifests('f.json', JSON.stringify(list)).manifests.map(({ object }) => object.kind)).toEqual([
      'ConfigMap',
    ]);
  });

  test('are kept as written beside what they mean with defaults', () => {
    const [service] = readManifests('f.yaml', `${SERVICE}  ports: [{ port: 80 }]\n`).manifests;
    expect(service?.object).toMatchObject({ spec: { ports: [{ port: 80 }] } });
    expect(service?.defaulted).toMatchObject({
      spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }] },
    });
  });

  test('take words such as y, no and on as words', () => {
    const { manifests } = readManifests('f.yaml', `${CONFIG('a')}data: { a: y, b: no, c: on }\n`);
    expect(manifests[0]?.object).toMatchObject({ data: { a: 'y', b: 'no', c: 'on' } });
  });

  test('follow the repository’s examples', () => {
    expect(loadManifests(['examples/bookinfo'], true).length).toBeGreaterThan(20);
  });
});

describe('mistakes', () => {
  test.each([
    [
      'a value out of bounds',
      `${SERVICE}  ports:\n    - port: 99999\n`,
      /^f\.yaml:7: Service a: spec\.ports\[0\]\.port: /,
    ],
    [
      'a field that is not supported',
      `${SERVICE}  typo: 1\n`,
      /^f\.yaml:6: Service a: spec\.typo: unknown or unsupported field$/,
    ],
    [
      'a kind that is not known',
      'apiVersion: v1\nkind: Foo\nmetadata: { name: a }\n',
      /^f\.yaml:2: Foo a: kind: weft does not know/,
    ],
    ['no kind', 'apiVersion: v1\nmetadata: { name: a }\n', /^f\.yaml:1: .*kind: is required/],
    [
      'no name',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
      /^f\.yaml:3: ConfigMap: metadata\.name: is required/,
    ],
    ['a document that is no object', '- 1\n', /^f\.yaml:1: is not an object/],
    ['YAML that cannot be read', 'a: [b\n', /^f\.yaml:\d: /],
    ['the same key twice', `${CONFIG('a')}kind: ConfigMap\n`, /^f\.yaml:4: .*unique/],
  ])('%s is told with its place', (_name, text, message) => {
    expect(mistakes(text)).toEqual([expect.stringMatching(message)]);
  });

  test('of all documents are told at once', () => {
    expect(mistakes(`${SERVICE}  typo: 1\n  other: 2\n---\n- 1\n`)).toHaveLength(3);
  });

  test('in a bomb of aliases end the reading', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((key, i) => `${key}: &${key} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ];
    expect(() => readManifests('f.yaml', bomb.join('\n'))).toThrow(/alias/i);
  });

  test.each([
    ['a file that is not there', '/nonexistent.yaml', /no such file/],
    ['a directory without manifests', 'cli/exec', /no objects/],
  ])('%s', (_name, path, message) => {
    expect(() => loadManifests([path])).toThrow(message);
  });
});
