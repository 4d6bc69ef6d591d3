import { type Labels, meets, type Requirement } from '#api/kinds/selectors.ts';
import { badRequest } from '../registry/statuses.ts';

export type LabelMatcher = (labels: Labels) => boolean;

const KEY = '[A-Za-z0-9][-A-Za-z0-9_./]*';
const VALUE = '[-A-Za-z0-9_.]*';
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);
const EQUALS = new RegExp(`^(${KEY})\\s*(=|==|!=)\\s*(${VALUE})$`);
const IN_SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
/** Longer selectors are refused: they come from the query string. */
const MAX_LENGTH = 16_384;

/** Parses Kubernetes' selector syntax (`app=web,tier!=db,env in (a,b),!old`). Throws an ApiError `BadRequest`. */
export function parseLabelSelector(text: string): Requirement[] {
  if (text.length > MAX_LENGTH)
    throw badRequest(`the label selector is longer than ${MAX_LENGTH} characters`);
  if (text.trim() === '') return [];
  return splitOutsideParentheses(text).map((term) => parseTerm(term.trim(), text));
}

/** Undefined selectors select everything. */
export function labelMatcher(text: string | undefined): LabelMatcher {
  if (text === undefined || text === '') return () => true;
  const requirements = parseLabelSelector(text);
  return (labels) => requirements.every((requirement) => meets(requirement, labels));
}

function splitOutsideParentheses(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') depth -= 1;
    else if (text[i] === ',' && depth === 0) {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...terms, text.slice(start)];
}

function parseTerm(term: string, whole: string): Requirement {
  const equals = EQUALS.exec(term);
  if (equals?.[1] !== undefined) {
    return { key: equals[1], operator: equals[2] === '!=' ? 'NotIn' : 'In', values: [equals[3] ?? ''] };
  }
  const set = IN_SET.exec(term);
  if (set?.[1] !== undefined) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1], operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const exists = EXISTS.exec(term);
  if (exists?.[2] !== undefined) {
    return { key: exists[2], operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists', values: [] };
  }
  throw badRequest(
    `unable to parse the label selector "${whole}": "${term}" is none of key=value, key!=value, key in (a,b), key notin (a,b), key, !key`,
  );
}
