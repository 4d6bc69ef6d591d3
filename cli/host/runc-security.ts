/**
 * What is known of runc's versions. The three of November 2025 (CVE-2025-31133, -52565, -52881) let a malicious image write
 * to the host through /proc while a container starts; CVE-2024-21626 leaked a descriptor of the host.
 */
export interface RuncVerdict {
  readonly safe: boolean;
  readonly words: string;
}

type Version = readonly [number, number, number];

/** First versions of each line that have the fixes of November 2025. */
const FIXED_LINES: readonly Version[] = [
  [1, 2, 8],
  [1, 3, 3],
  [1, 4, 0],
];
const LEAK_FIXED: Version = [1, 1, 12];
const OPEN_2025 = 'CVE-2025-31133, -52565 and -52881';

/** Judges what `runc --version` begins with. Distributions carry fixes back, which the number alone does not show: `+deb12u1` does. */
export function judgeRunc(line: string): RuncVerdict {
  const match = /(\d+)\.(\d+)\.(\d+)([^\s,]*)/.exec(line);
  if (match === null) return { safe: false, words: `its version cannot be read from "${line}"` };
  const version: Version = [Number(match[1]), Number(match[2]), Number(match[3])];
  const text = `${version.join('.')}${match[4]}`;
  if (hasFixesOf2025(version)) return { safe: true, words: text };
  const leaks = before(version, LEAK_FIXED) && !/deb\d+u\d/.test(line);
  return { safe: false, words: `${text}: ${leaks ? `CVE-2024-21626, ${OPEN_2025}` : OPEN_2025} may be open` };
}

function hasFixesOf2025(version: Version): boolean {
  const line = FIXED_LINES.find(([major, minor]) => version[0] === major && version[1] === minor);
  return line === undefined ? !before(version, [1, 4, 0]) : !before(version, line);
}

function before(a: Version, b: Version): boolean {
  const difference = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
  return difference < 0;
}
