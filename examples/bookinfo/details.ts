/** details v1: facts about a book. */
import { json, type Route, serve } from './http-service.ts';

const routes: readonly Route[] = [
  { method: 'GET', path: /\/health/, handle: () => json({ status: 'Details is healthy' }) },
  {
    method: 'GET',
    path: /\/details\/([^/]*)/,
    handle: (_request, [id = '']) =>
      /^\d+$/.test(id)
        ? json(detailsOf(Number(id)))
        : json({ error: 'please provide numeric product id' }, 400),
  },
];

function detailsOf(id: number) {
  return {
    id,
    author: 'William Shakespeare',
    year: 1595,
    type: 'paperback',
    pages: 200,
    publisher: 'PublisherA',
    language: 'English',
    'ISBN-10': '1234567890',
    'ISBN-13': '123-1234567890',
  };
}

serve('details', routes);
