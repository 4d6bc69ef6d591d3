/**
 * productpage v1: the page that people see, and the same facts as JSON. It calls details and reviews; who is signed
 * in is told to both in the header `end-user`.
 *
 * Reviews get 3 s and one more try. reviews itself waits longer than that for ratings: Istio's fault-injection
 * task lives from this mismatch.
 */
import { getJson, type Headers, passedOn, serviceUrl } from './calls.ts';
import { html, json, type Request, type Response, type Route, serve } from './http-service.ts';
import { indexPage, loginPage, type Part, productPage } from './pages.ts';
import { sessionUser, signedIn, signedOut } from './session.ts';

const TIMEOUT_MS = 3_000;
const REVIEW_TRIES = 2;

const PRODUCTS = [
  {
    id: 0,
    title: 'The Comedy of Errors',
    descriptionHtml:
      '<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">Wikipedia Summary</a>: two pairs of identical twins, parted at sea as infants, come to the same town on the same day without knowing it. One of <b>William Shakespeare’s</b> early plays, his shortest, and one of his most farcical.',
  },
];

const routes: readonly Route[] = [
  { method: 'GET', path: /\/(?:index\.html)?/, handle: () => html(indexPage()) },
  { method: 'GET', path: /\/health/, handle: () => html('Product page is healthy') },
  { method: 'GET', path: /\/productpage/, handle: showProduct },
  { method: 'GET', path: /\/login/, handle: () => html(loginPage()) },
  { method: 'POST', path: /\/login/, handle: signIn },
  {
    method: 'GET',
    path: /\/logout/,
    handle: (request) => redirect(backTo(request), { 'set-cookie': signedOut() }),
  },
  { method: 'GET', path: /\/api\/v1\/products/, handle: () => json(PRODUCTS) },
  { method: 'GET', path: /\/api\/v1\/products\/(\d+)/, handle: api(details) },
  { method: 'GET', path: /\/api\/v1\/products\/(\d+)\/reviews/, handle: api(reviews) },
  { method: 'GET', path: /\/api\/v1\/products\/(\d+)\/ratings/, handle: api(ratings) },
];

async function showProduct(request: Request): Promise<Response> {
  const headers = headersFor(request);
  const [facts, opinions] = [await details('0', headers), await reviews('0', headers)];
  const product = PRODUCTS[0]!;
  return html(
    productPage({ product, details: facts, reviews: opinions, user: sessionUser(request.headers) }),
  );
}

async function signIn(request: Request): Promise<Response> {
  const user = new URLSearchParams(await request.body()).get('username') ?? '';
  return redirect(backTo(request), { 'set-cookie': signedIn(user) });
}

/** Back to the page that was left, on this site only. */
function backTo(request: Request): string {
  const referrer = request.headers.referer;
  if (referrer === undefined || !URL.canParse(referrer)) return '/productpage';
  const { host, pathname } = new URL(referrer);
  return host === request.headers.host && !/^\/log(in|out)/.test(pathname) ? pathname : '/productpage';
}

function redirect(location: string, headers: Record<string, string>): Response {
  return { status: 302, headers: { location, ...headers }, body: '' };
}

/** Who the user is comes from the session alone: a caller cannot claim it with a header. */
function headersFor(request: Request): Headers {
  const user = sessionUser(request.headers);
  const { 'end-user': _claimed, ...headers } = passedOn(request.headers);
  return user === undefined ? headers : { ...headers, 'end-user': user };
}

function api(part: (id: string, headers: Headers) => Promise<Part>) {
  return async (request: Request, [id = '']: readonly string[]): Promise<Response> => {
    const { status, body } = await part(id, headersFor(request));
    return json(body, status);
  };
}

function details(id: string, headers: Headers): Promise<Part> {
  return fetchPart('details', id, headers, 1);
}

function reviews(id: string, headers: Headers): Promise<Part> {
  return fetchPart('reviews', id, headers, REVIEW_TRIES);
}

function ratings(id: string, headers: Headers): Promise<Part> {
  return fetchPart('ratings', id, headers, 1);
}

async function fetchPart(service: string, id: string, headers: Headers, tries: number): Promise<Part> {
  let status = 500;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const answer = await getJson(`${serviceUrl(service)}/${service}/${id}`, headers, TIMEOUT_MS);
    if (answer?.status === 200) return { status: 200, body: answer.body };
    status = answer?.status ?? 500;
  }
  return { status, body: { error: `Sorry, product ${service} are currently unavailable for this book.` } };
}

serve('productpage', routes);
