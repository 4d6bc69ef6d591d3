import { describe, expect, test } from 'vitest';
import { Pod } from '#api/kinds/pod.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { formatData, nameOf, objectTable } from './objects.ts';
import { createProgress } from './progress.ts';
import { printable, styleFor, widthOf } from './style.ts';
import { formatTable } from './table.ts';

describe('a table', () => {
  test('is aligned as kubectl aligns it', () => {
    expect(
      formatTable(
        ['Name', 'Ready'],
        [
          ['a', '1/1'],
          ['longer', '0/1'],
        ],
      ),
    ).toBe('NAME     READY\na        1/1\nlonger   0/1\n');
  });

  test('counts what is seen, not the escape sequences', () => {
    const red = styleFor({ isTTY: true }, {}).red('ab');
    expect(widthOf(red)).toBe(2);
    expect(
      formatTable(
        [],
        [
          [red, 'x'],
          ['abc', 'y'],
        ],
        { trusted: true },
      ),
    ).toBe(`${red}    x\nabc   y\n`);
  });

  test('never passes on control characters that others wrote', () => {
    expect(formatTable(['Name'], [['a\x1b[2Jb\nc']])).toBe('NAME\na\ufffd[2Jb c\n');
  });
});

describe('colour', () => {
  test.each([
    ['at a terminal', { isTTY: true }, {}, true],
    ['not in a pipe', {}, {}, false],
    ['not when NO_COLOR is set', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['when NO_COLOR is empty', { isTTY: true }, { NO_COLOR: '' }, true],
    ['not on a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('%s', (_name, stream, env, on) => {
    expect(styleFor(stream, env).on).toBe(on);
  });
});

test('text of others keeps its lines and tabs only', () => {
  expect(printable('a\tb\nc\x07\x9b')).toBe('a\tb\nc\ufffd\ufffd');
});

const NOW = Date.parse('2026-01-01T00:10:00Z');
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'n', creationTimestamp: '2026-01-01T00:00:00Z', labels: { app: 'x' } },
  spec: { containers: [{ name: 'c' }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'c', ready: true, restartCount: 2 }] },
};

describe('objects', () => {
  test.each([
    [
      'as kubectl shows them',
      {},
      'NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   2          10m\n',
    ],
    ['with namespaces', { withNamespace: true }, /^NAMESPACE {3}NAME/],
    ['with labels', { showLabels: true }, /LABELS\n.*app=x\n$/],
    ['with their kind', { prefixed: true }, /pod\/a/],
    ['without a header', { headers: false }, /^a {3}1\/1/],
    ['wide', { wide: true }, /IP +NODE/],
  ])('%s', (_name, options, text) => {
    const table = objectTable(Pod, [pod], { nowMs: NOW, ...options });
    if (typeof text === 'string') expect(table).toBe(text);
    else expect(table).toMatch(text);
  });

  test('are named as kubectl names them', () => {
    expect(nameOf(Pod, pod)).toBe('pod/a');
    expect(nameOf(VirtualService, pod)).toBe('virtualservice.networking.istio.io/a');
  });

  test('are written as JSON and YAML', () => {
    expect(JSON.parse(formatData(pod, 'json'))).toEqual(pod);
    expect(formatData({ a: 'y', b: '0123' }, 'yaml')).toBe('a: y\nb: "0123"\n');
  });
});

describe('progress', () => {
  function progressOn(isTTY: boolean) {
    let text = '';
    let now = 0;
    const stream = { isTTY, columns: 60, write: (more: string) => (text += more) };
    const progress = createProgress(stream, styleFor({ isTTY }, {}), () => (now += 500));
    return { progress, text: () => text };
  }

  test('is plain lines where there is no terminal', async () => {
    const { progress, text } = progressOn(false);
    await progress.run(
      'work',
      async (step) => step.note('half'),
      () => 'all of it',
    );
    expect(text()).toBe('work ...\n  half\nwork: all of it (0.5 s)\n');
  });

  test('ends as one line on a terminal', async () => {
    const { progress, text } = progressOn(true);
    await progress.run(
      'work',
      async () => {},
      () => 'all of it',
    );
    expect(text().split('\r').at(-1)).toMatch(/✓.* work .*all of it.* .*0\.5 s.*\n$/);
  });

  test('tells a failure and lets it through', async () => {
    const { progress, text } = progressOn(false);
    await expect(progress.run('work', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(text()).toMatch(/work: failed/);
  });
});
