/** ratings v1: stars of the two reviewers, held in memory; POST changes them. */
import { json, type Request, type Response, type Route, serve } from './http-service.ts';

interface Ratings {
  readonly id: number;
  readonly ratings: unknown;
}

const MAX_RATED = 1000;
const rated = new Map<number, unknown>();

const routes: readonly Route[] = [
  { method: 'GET', path: /\/health/, handle: () => json({ status: 'Ratings is healthy' }) },
  {
    method: 'GET',
    path: /\/ratings\/([^/]*)/,
    handle: (_request, [id = '']) => withId(id, (n) => json(ratingsOf(n))),
  },
  {
    method: 'POST',
    path: /\/ratings\/([^/]*)/,
    handle: (request, [id = '']) => withId(id, (n) => rate(n, request)),
  },
];

function withId(
  id: string,
  then: (id: number) => Response | Promise<Response>,
): Response | Promise<Response> {
  return /^\d+$/.test(id) ? then(Number(id)) : json({ error: 'please provide numeric product ID' }, 400);
}

function ratingsOf(id: number): Ratings {
  return { id, ratings: rated.get(id) ?? { Reviewer1: 5, Reviewer2: 4 } };
}

async function rate(id: number, request: Request): Promise<Response> {
  let ratings: unknown;
  try {
    ratings = JSON.parse(await request.body());
  } catch {
    return json({ error: 'please provide valid ratings JSON' }, 400);
  }
  if (rated.size >= MAX_RATED && !rated.has(id)) return json({ error: 'too many products are rated' }, 507);
  rated.set(id, ratings);
  return json(ratingsOf(id));
}

serve('ratings', routes);
