/** The chunked coding in regular expressions after its grammar (RFC 9112 §7.1), without white space in extensions. */

export type ChunkFault = 'chunkSize' | 'chunkEnd' | 'trailer';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]{1,16})(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*\\r\\n`);
const TRAILER = new RegExp(`^(${TOKEN}):[\\t \\x21-\\x7e\\x80-\\xff]*\\r\\n`);
/** Fields of framing, hop, routing, sender and how content is read (RFC 9110 §6.5.1). */
const NO_TRAILER =
  /^(?:authorization|connection|content[-_]length|content-(?:encoding|range)|cookie|expect|forwarded|host|keep-alive|max-forwards|proxy-(?:authorization|connection)|range|set-cookie|te|trailer|transfer[-_]encoding|upgrade|x-envoy-peer-metadata|x-forwarded-(?:for|host|proto))$/i;

/** What is wrong first with a chunked body; undefined: nothing so far. */
export function chunkFaults(body: string): ChunkFault | undefined {
  let rest = body;
  for (;;) {
    const line = SIZE_LINE.exec(rest);
    const size = Number.parseInt(line?.[1] ?? '', 16);
    if (line === null || !Number.isSafeInteger(size)) return 'chunkSize';
    rest = rest.slice(line[0].length);
    if (size === 0) return trailerFault(rest);
    if (rest.length < size + 2 && !/^\r?$/.test(rest.slice(size))) return 'chunkEnd';
    if (rest.length < size + 2) return undefined;
    if (rest.slice(size, size + 2) !== '\r\n') return 'chunkEnd';
    rest = rest.slice(size + 2);
    if (rest === '') return undefined;
  }
}

function trailerFault(section: string): ChunkFault | undefined {
  let rest = section;
  while (rest !== '' && !rest.startsWith('\r\n')) {
    const line = TRAILER.exec(rest);
    if (line === null) return 'trailer';
    if (NO_TRAILER.test(line[1]!)) return 'trailer';
    rest = rest.slice(line[0].length);
  }
  return undefined;
}
