import { type Html, html } from './html.ts';

/** A whole page. `traceId` fills the field that opens a trace by its id. */
export function page(title: string, main: Html, traceId = ''): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="/assets/style.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/page.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
  <a class="brand" href="/search"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 5h9v4H3zM8 10h9v4H8zM12 15h9v4h-9z"/></svg>weft traces</a>
  <form action="/trace" class="jump" role="search">
    <label for="id">Trace id</label>
    <input id="id" name="id" value="${traceId}" placeholder="open a trace by its id" spellcheck="false" autocomplete="off" maxlength="64">
    <button>Open</button>
  </form>
</header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`.text;
}

/** A page that only says something. */
export function messagePage(title: string, what: string): string {
  return page(
    title,
    html`<section class="message"><h1>${title}</h1><p>${what}</p><p><a href="/search">To the search</a></p></section>`,
  );
}
