/** Envoy's formats of times: those of strftime(3), and fractions of a second. */

/** What is wrong with a format, as one sentence; undefined when nothing is. */
export function timeFormatProblem(format: string): string | undefined {
  const unknown = format.replace(SPECIFIER, '').match(/%.{0,3}/);
  return unknown === null ? undefined : `${unknown[0]} is not supported in the format of a time`;
}

/** A function from milliseconds since the epoch to text, in UTC. The format has no problem. */
export function compileTimeFormat(format: string): (wallMs: number) => string {
  const parts = partsOf(format);
  return (wallMs) => {
    const date = new Date(wallMs);
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : part(date, wallMs);
    return text;
  };
}

type Part = string | ((date: Date, wallMs: number) => string);

const SPECIFIER = /%(?:([YmdHMSsFTDRjyeIpabBAuzZnt%])|([1-9]?)f|E([1-9*])S)/g;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];
const DAY_MS = 86_400_000;

const BY_LETTER: Readonly<Record<string, Part>> = {
  Y: (date) => String(date.getUTCFullYear()),
  y: (date) => two(date.getUTCFullYear() % 100),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2, ' '),
  j: (date) => String(dayOfYear(date)).padStart(3, '0'),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(date.getUTCHours() % 12 || 12),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  s: (_, wallMs) => String(Math.floor(wallMs / 1000)),
  a: (date) => DAYS[date.getUTCDay()]!.slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()]!,
  b: (date) => MONTHS[date.getUTCMonth()]!.slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()]!,
  u: (date) => String(date.getUTCDay() || 7),
  F: (date) => date.toISOString().slice(0, 10),
  T: (date) => date.toISOString().slice(11, 19),
  R: (date) => date.toISOString().slice(11, 16),
  D: (date) => `${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}/${two(date.getUTCFullYear() % 100)}`,
  z: '+0000',
  Z: 'UTC',
  n: ' ',
  t: ' ',
  '%': '%',
};

function partsOf(format: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const found of format.matchAll(SPECIFIER)) {
    if (found.index > at) parts.push(format.slice(at, found.index));
    at = found.index + found[0].length;
    parts.push(partOf(found));
  }
  if (at < format.length) parts.push(format.slice(at));
  return parts;
}

function partOf([, letter, digits, seconds]: RegExpExecArray): Part {
  if (letter !== undefined) return BY_LETTER[letter]!;
  if (seconds !== undefined) {
    const count = seconds === '*' ? 3 : Number(seconds);
    return (date, wallMs) => `${two(date.getUTCSeconds())}.${fraction(wallMs, count)}`;
  }
  const count = digits === '' || digits === undefined ? 9 : Number(digits);
  return (_, wallMs) => fraction(wallMs, count);
}

/** Digits after the point of the second; to the microsecond, which is what clocks here can tell. */
function fraction(wallMs: number, digits: number): string {
  const micros = Math.min(999_999, Math.round((wallMs - Math.floor(wallMs / 1000) * 1000) * 1000));
  return `${String(micros).padStart(6, '0')}000`.slice(0, digits);
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

function dayOfYear(date: Date): number {
  const year = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - year) / DAY_MS) + 1;
}
