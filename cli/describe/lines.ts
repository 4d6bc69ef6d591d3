import { printable } from '../output/style.ts';

const WIDTH = 18;

/** `Label:          value` */
export function field(label: string, value: unknown, indent = ''): string {
  const text = value === undefined || value === '' ? '<none>' : String(value);
  return `${`${indent}${label}:`.padEnd(WIDTH)} ${printable(text)}\n`;
}

/** A map as one `key=value` a line, the first beside the label. */
export function mapField(
  label: string,
  map: Readonly<Record<string, string>> | undefined,
  indent = '',
): string {
  const pairs = Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`);
  const [first, ...more] = pairs;
  return (
    field(label, first, indent) + more.map((pair) => `${' '.repeat(WIDTH)} ${printable(pair)}\n`).join('')
  );
}

/** Members whose keys people chose: they are shown as they are. */
const CHOSEN = new Set([
  'labels',
  'matchLabels',
  'annotations',
  'selector',
  'data',
  'stringData',
  'limits',
  'requests',
  'headers',
]);

/** Any value as an indented outline, with members' names in words and siblings' values aligned. */
export function outline(value: unknown, indent = '', chosen = false): string {
  if (Array.isArray(value)) return value.map((item) => listItem(item, indent)).join('');
  if (typeof value !== 'object' || value === null) return `${indent}${printable(String(value))}\n`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const name = (key: string): string => (chosen ? key : title(key));
  const width = Math.max(
    0,
    ...members.filter(([, member]) => !isBranch(member)).map(([key]) => name(key).length),
  );
  return members
    .map(([key, member]) => {
      if (isBranch(member))
        return `${indent}${name(key)}:\n${outline(member, `${indent}  `, CHOSEN.has(key))}`;
      return `${indent}${`${name(key)}:`.padEnd(width + 2)} ${leaf(member)}\n`;
    })
    .join('');
}

function leaf(value: unknown): string {
  const empty =
    value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  return empty ? '<none>' : printable(String(value));
}

function listItem(item: unknown, indent: string): string {
  const text = outline(item, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
}

function isBranch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** `clusterIP` as `Cluster IP`. */
function title(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, '$1 $2');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
