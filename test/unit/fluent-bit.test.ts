/**
 * The example for Fluent Bit, as far as it can be held to without the program: its parsers on the paths and the lines that
 * they are for. Fluent Bit's expressions are Onigmo's; those here are such that JavaScript reads them alike.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_JSON_FORMAT, DEFAULT_TEXT_FORMAT } from '#api/expressions/log-format.ts';
import { containerLog } from '#node-runtime/pod/pod-paths.ts';
import { AccessLogs } from '#sidecar/access-log/access-logs.ts';
import { connectionRecord, requestRecord } from '#sidecar/access-log/testing/records.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../examples/fluent-bit/${name}`, import.meta.url), 'utf8');

type Section = { readonly kind: string; readonly fields: readonly (readonly [string, string])[] };

/** Fluent Bit's classic configuration: sections in brackets, and below each its keys and values. */
function sectionsOf(text: string): Section[] {
  return text
    .split(/^\[/m)
    .slice(1)
    .map((part) => {
      const [kind = '', ...lines] = part.split('\n');
      const fields = lines
        .filter((line) => /^\s+[^\s#]/.test(line))
        .map((line) => line.trim().match(/^(\S+)\s+(.*)$/)!)
        .map(([, key = '', value = '']) => [key, value] as const);
      return { kind: kind.replace(']', ''), fields };
    });
}

const fieldOf = ({ fields }: Section, key: string) => fields.find(([name]) => name === key)?.[1];
const parsers = new Map(sectionsOf(read('parsers.conf')).map((each) => [fieldOf(each, 'Name') ?? '', each]));
const configuration = sectionsOf(read('fluent-bit.conf'));

function parse(parser: string, text: string): Record<string, string> | undefined {
  const regex = new RegExp(fieldOf(parsers.get(parser)!, 'Regex')!);
  const groups = regex.exec(text)?.groups;
  return groups && { ...groups };
}

test('the configuration names only parsers that are there', () => {
  const named = configuration.flatMap(({ fields }) => fields.filter(([key]) => key === 'Parser'));
  expect(named.length).toBeGreaterThan(0);
  for (const [, name] of named) expect(parsers.has(name)).toBe(true);
});

test('the files that it reads are those of the node runtime', () => {
  const input = configuration.find(({ kind }) => kind === 'INPUT')!;
  expect(read('fluent-bit.conf')).toContain('@SET logs=/var/lib/weft/log/pods');
  expect(fieldOf(input, 'Path')).toMatch(/^\$\{logs\}\/\*\/\*\/\*\.log$/);
  expect(fieldOf(input, 'multiline.parser')).toBe('cri');
  const pod = { metadata: { namespace: 'default', name: 'productpage-v1-7d9c-x2x', uid: 'c0ffee-1' } };
  const path = containerLog('/var/lib/weft/log/pods', pod as never, 'istio-proxy', 2);
  expect(parse('weft_path', path)).toEqual({
    namespace: 'default',
    pod: 'productpage-v1-7d9c-x2x',
    uid: 'c0ffee-1',
    container: 'istio-proxy',
    attempt: '2',
  });
  expect(parse('weft_path', `${path}.20300102-030405`)).toBeUndefined();
});

function lineOf(
  format: { text: string } | { json: typeof DEFAULT_JSON_FORMAT },
  record = requestRecord(),
): string {
  const lines: string[] = [];
  const sink = {
    write: (octets: Buffer, length: number) => lines.push(octets.toString('latin1', 0, length)) > 0,
    written: 0,
    dropped: 0,
  };
  const logs = new AccessLogs({ sink, hostName: 'h', wallMs: () => 0 });
  logs.of([{ key: '', format, omitEmpty: false, filter: undefined }])?.write(record);
  return lines.join('').trimEnd();
}

test("text lines become fields, a failure's words among them", () => {
  const failed = requestRecord(
    { status: 503, flag: 'UF', reason: 'it said "no"', path: '/a b"\n' },
    { 'user-agent': 'a "quoted" agent' },
  );
  expect(parse('weft_access_log_text', lineOf({ text: DEFAULT_TEXT_FORMAT }, failed))).toMatchObject({
    start_time: '2020-11-25T21:26:18.409Z',
    response_code: '503',
    response_flags: 'UF',
    reason: 'it said \\x22no\\x22',
    user_agent: 'a \\x22quoted\\x22 agent',
    upstream_cluster: 'outbound|8000||httpbin.foo.svc.cluster.local',
    route_name: 'default',
  });
  const connection = lineOf({ text: DEFAULT_TEXT_FORMAT }, connectionRecord() as never);
  expect(parse('weft_access_log_text', connection)).toMatchObject({ method: '-', bytes_received: '10' });
});

test('JSON lines have the time that their parser asks for', () => {
  const line = JSON.parse(lineOf({ json: DEFAULT_JSON_FORMAT })) as Record<string, unknown>;
  const key = fieldOf(parsers.get('weft_json')!, 'Time_Key')!;
  expect(line[key]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
});
