/** The pages as HTML: no script, no request to anywhere else. */
import { STYLE } from './style.ts';

/** What one of the other services answered, or the error that stands in its place. */
export interface Part {
  readonly status: number;
  readonly body: unknown;
}

interface ProductPage {
  readonly product: { readonly title: string; readonly descriptionHtml: string };
  readonly details: Part;
  readonly reviews: Part;
  readonly user: string | undefined;
}

interface Review {
  readonly reviewer?: unknown;
  readonly text?: unknown;
  readonly rating?: { readonly stars?: unknown; readonly color?: unknown; readonly error?: unknown };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Any value as text that may stand in HTML. */
export function escapeHtml(value: unknown): string {
  return String(value ?? '').replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}

function layout(user: string | undefined, body: string): string {
  const session =
    user === undefined
      ? `<a class="button" href="/login">Sign in</a>`
      : `<span class="user">${escapeHtml(user)}</span> <a class="button quiet" href="/logout">sign out</a>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simple Bookstore App</title>
<style>${STYLE}</style>
</head>
<body>
<header><a class="brand" href="/productpage">BookInfo <small>sample</small></a><nav>${session}</nav></header>
${body}
</body>
</html>`;
}

export function indexPage(): string {
  return layout(
    undefined,
    `<main class="narrow"><h1>A small bookshop</h1>
<p>Four services behind one page: <b>productpage</b> asks <b>details</b> and <b>reviews</b>, and reviews asks <b>ratings</b>.</p>
<p><a class="button" href="/productpage">Open the product page</a></p></main>`,
  );
}

export function loginPage(): string {
  return layout(
    undefined,
    `<main class="narrow"><h1>Sign in</h1>
<form method="post" action="/login">
<label>User name <input name="username" autocomplete="username" required autofocus></label>
<label>Password <input name="passwd" type="password" autocomplete="current-password"></label>
<button class="button" type="submit">Sign in</button>
<p class="hint">Any name will do, with any password.</p>
</form></main>`,
  );
}

export function productPage({ product, details, reviews, user }: ProductPage): string {
  return layout(
    user,
    `<section class="hero"><div><h1>${escapeHtml(product.title)}</h1><p>${product.descriptionHtml}</p></div></section>
<main class="columns">
<section><h2>Book Details</h2>${detailsHtml(details)}</section>
<section><h2>Book Reviews</h2>${reviewsHtml(reviews)}</section>
</main>`,
  );
}

function failure(what: string, { body }: Part): string {
  const error = (body as { error?: unknown } | undefined)?.error;
  return `<div class="error"><b>Error fetching product ${what}!</b><p>${escapeHtml(error)}</p></div>`;
}

const DETAIL_ROWS: readonly (readonly [string, string])[] = [
  ['Type', 'type'],
  ['Author', 'author'],
  ['Year', 'year'],
  ['Pages', 'pages'],
  ['Publisher', 'publisher'],
  ['Language', 'language'],
  ['ISBN-10', 'ISBN-10'],
  ['ISBN-13', 'ISBN-13'],
];

function detailsHtml(part: Part): string {
  if (part.status !== 200) return failure('details', part);
  const facts = (part.body ?? {}) as Record<string, unknown>;
  const rows = DETAIL_ROWS.map(([label, key]) => `<dt>${label}</dt><dd>${escapeHtml(facts[key])}</dd>`);
  return `<dl>${rows.join('')}</dl>`;
}

function reviewsHtml(part: Part): string {
  if (part.status !== 200) return failure('reviews', part);
  const { reviews = [], podname } = (part.body ?? {}) as { reviews?: Review[]; podname?: unknown };
  return `${reviews.map(reviewHtml).join('')}<p class="served">Reviews served by <code>${escapeHtml(podname)}</code></p>`;
}

function reviewHtml({ reviewer, text, rating }: Review): string {
  return `<blockquote><p>${escapeHtml(text)}</p>${ratingHtml(rating)}<footer>${escapeHtml(reviewer)}</footer></blockquote>`;
}

function ratingHtml(rating: Review['rating']): string {
  if (rating === undefined) return '';
  if (rating.stars === undefined) return `<p class="unrated">${escapeHtml(rating.error)}</p>`;
  const stars = Math.max(0, Math.min(5, Number(rating.stars) || 0));
  const color = rating.color === 'red' ? 'red' : 'black';
  const glyphs = `${'★'.repeat(stars)}<span class="empty">${'★'.repeat(5 - stars)}</span>`;
  return `<p class="stars ${color}" role="img" aria-label="${stars} of 5 stars, ${color}">${glyphs}</p>`;
}
