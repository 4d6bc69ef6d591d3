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

/** Any value as an indented outline, with members' names in words. */
export function outline(value: unknown, indent = ''): string {
  if (Array.isArray(value)) return value.map((item) => listItem(item, indent)).join('');
  if (typeof value !== 'object' || value === null) return `${indent}${printable(String(value))}\n`;
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) =>
      isBranch(member)
        ? `${indent}${title(key)}:\n${outline(member, `${indent}  `)}`
        : field(title(key), member, indent),
    )
    .join('');
}

function listItem(item: unknown, indent: string): string {
  const text = outline(item, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
}

function isBranch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** `clusterIP` as `Cluster IP`; keys that people chose (labels, data) stay as they are. */
function title(key: string): string {
  if (!/^[a-z][A-Za-z]*$/.test(key)) return key;
  const words = key.replace(/([a-z])([A-Z])/g, '$1 $2');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
