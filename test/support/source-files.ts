import { globSync, readFileSync } from 'node:fs';

export interface SourceFile {
  /** Path from the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file of the house, generated ones left out. Tests run from the repository's root. */
export function sourceFiles(): SourceFile[] {
  const pattern =
    '{api,control-plane,sidecar,node-runtime,trace-viewer,cli,test,bench,soak,fuzz,examples,scripts}/**/*.ts';
  return globSync(pattern)
    .filter((path) => !/^api\/(xds|otlp)\/gen\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** The text without comments and without what stands inside string literals of more than one line. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\*[\s\S]*?\*\/|(^|[^:\\])\/\/.*$/gm,
    (_all, string, before) => string ?? before ?? '',
  );
}
