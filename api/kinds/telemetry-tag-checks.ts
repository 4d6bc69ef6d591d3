/** Tags of spans, in Telemetry objects and in the settings of the mesh. */
import type { Mistake } from './kind.ts';

interface Tag {
  readonly literal?: { readonly value: string } | undefined;
  readonly environment?: { readonly name: string } | undefined;
  readonly header?: { readonly name: string } | undefined;
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Istio's rules: a tag has a name, and is made of one thing, which is not empty. */
export function customTagMistakes(tags: Readonly<Record<string, Tag>>, path: string): Mistake[] {
  return Object.entries(tags).flatMap(([name, tag]): Mistake[] => {
    const at = `${path}[${name}]`;
    if (name === '') return [{ path: at, message: 'the name of a tag must not be empty' }];
    const { literal, environment, header } = tag;
    if ([literal, environment, header].filter((each) => each !== undefined).length !== 1)
      return [{ path: at, message: 'must be exactly one of literal, environment and header' }];
    if (literal?.value === '') return [{ path: `${at}.literal.value`, message: 'must not be empty' }];
    if (environment?.name === '') return [{ path: `${at}.environment.name`, message: 'must not be empty' }];
    if (header !== undefined && !HEADER_NAME.test(header.name))
      return [{ path: `${at}.header.name`, message: 'must be the name of a header' }];
    return [];
  });
}
