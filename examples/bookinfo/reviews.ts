/**
 * reviews: v1 shows no stars, v2 black ones, v3 red ones. The three are one program with different environments
 * (ENABLE_RATINGS, STAR_COLOR), as in Istio's sample, and so are their patiences with ratings: 10 s for black
 * stars, 2.5 s otherwise.
 */
import { hostname } from 'node:os';
import { getJson, type Headers, passedOn, serviceUrl } from './calls.ts';
import { json, type Route, serve } from './http-service.ts';

type Rating = { readonly stars: number; readonly color: string } | { readonly error: string };

const RATED = process.env['ENABLE_RATINGS'] === 'true';
const STAR_COLOR = process.env['STAR_COLOR'] ?? 'black';
const RATINGS_TIMEOUT_MS = STAR_COLOR === 'black' ? 10_000 : 2_500;

const REVIEWS = [
  {
    reviewer: 'Reviewer1',
    text: 'Two pairs of twins, one very bad day: short, quick, and funny from the first beating to the last.',
  },
  {
    reviewer: 'Reviewer2',
    text: 'All farce and no depth, and none the worse for it. Best seen on a stage, with friends.',
  },
];

const routes: readonly Route[] = [
  { method: 'GET', path: /\/health/, handle: () => json({ status: 'Reviews is healthy' }) },
  {
    method: 'GET',
    path: /\/reviews\/(\d+)/,
    handle: async (request, [id = '']) => {
      const stars = RATED ? await starsOf(id, passedOn(request.headers)) : undefined;
      return json({
        id,
        podname: hostname(),
        clustername: process.env['CLUSTER_NAME'] ?? 'null',
        reviews: REVIEWS.map((review) =>
          RATED ? { ...review, rating: ratingOf(stars?.[review.reviewer]) } : review,
        ),
      });
    },
  },
];

async function starsOf(id: string, headers: Headers): Promise<Record<string, unknown> | undefined> {
  const answer = await getJson(`${serviceUrl('ratings')}/ratings/${id}`, headers, RATINGS_TIMEOUT_MS);
  if (answer?.status !== 200) return undefined;
  return (answer.body as { ratings?: Record<string, unknown> } | undefined)?.ratings;
}

function ratingOf(stars: unknown): Rating {
  if (typeof stars !== 'number') return { error: 'Ratings service is currently unavailable' };
  return { stars, color: STAR_COLOR };
}

serve('reviews', routes);
