/**
 * Text for a page, in which every value is escaped unless it is such text itself: names and tags of spans are strangers'
 * words, and a page must show them and never obey them.
 */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[] | undefined | false;

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < parts.length ? textOf(parts[i]) : '')).join(''));
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map((one) => one.text).join('');
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Characters that turn the direction of text or are not seen could make one name look like another. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}]/gu;

function escaped(text: string): string {
  return text.replace(UNSEEN, '\u{fffd}').replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
