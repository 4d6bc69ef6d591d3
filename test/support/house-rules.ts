/** Rules of the house that a checker does not know, each with its reason, and a report of sizes. */
import { type SourceFile, withoutComments } from './source-files.ts';

export interface HouseBreach {
  readonly file: string;
  readonly reason: string;
}

interface HouseRule {
  readonly reason: string;
  readonly breaks: (file: SourceFile) => boolean;
}

const RULES: readonly HouseRule[] = [
  {
    reason: 'a file is named for its idea: a bag of helpers has none',
    breaks: ({ path }) => /\/(utils?|helpers?|common|misc|index)\.ts$/.test(path),
  },
  {
    reason: 'no barrels: a re-export hides where a thing lives',
    breaks: ({ text }) => /^\s*export\s*\*/m.test(withoutComments(text)),
  },
  {
    reason: 'what is missing is refused by name in the code, not noted in a comment',
    breaks: ({ path, text }) => !path.startsWith('test/') && /\b(TODO|FIXME|XXX)\b/.test(text),
  },
  {
    reason: 'Node runs these files by erasing types: enums, namespaces and parameter properties are code',
    breaks: ({ text }) => /^\s*(export\s+)?(const\s+)?(enum|namespace)\s+\w+/m.test(withoutComments(text)),
  },
  {
    reason: 'no registry is named: which one serves the packages is the business of who installs',
    breaks: ({ path, text }) =>
      !path.startsWith('test/') &&
      new RegExp(['registry\\.npm', 'js\\.org|registry\\.', 'yarnpkg'].join('')).test(text),
  },
];

export function houseBreaches(files: readonly SourceFile[]): HouseBreach[] {
  return files.flatMap((file) =>
    RULES.filter((rule) => rule.breaks(file)).map(({ reason }) => ({ file: file.path, reason })),
  );
}

const LONG_LINES = 300;

/** `median 84 lines, 97% under 300; longest: …`: a report, not a rule, because a table may be long for a reason. */
export function sizeReport(files: readonly SourceFile[]): string {
  const sizes = files
    .filter((file) => !file.path.endsWith('.test.ts'))
    .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  const median = sizes[Math.floor(sizes.length / 2)]?.lines ?? 0;
  const short = sizes.filter(({ lines }) => lines < LONG_LINES).length;
  const longest = sizes.slice(0, 5).map(({ path, lines }) => `${path} ${lines}`);
  const share = sizes.length === 0 ? 100 : Math.round((100 * short) / sizes.length);
  return `${sizes.length} files, median ${median} lines, ${share}% under ${LONG_LINES}; longest: ${longest.join(', ')}`;
}
