import { UsageError } from '../failure.ts';

/** `json` or `yaml`; undefined for people. Throws a UsageError. */
export function dataFormat(output: string | undefined): 'json' | 'yaml' | undefined {
  if (output === undefined || output === 'json' || output === 'yaml') return output;
  throw new UsageError(`the output "${output}" is not known`, 'use json or yaml');
}
