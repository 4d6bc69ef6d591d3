/** Why weft stands alone where it does: the first rule whose words stand in a payload's name speaks for it. */

export interface Verdict {
  readonly payloads: RegExp;
  readonly words: string;
}

export const VERDICTS: readonly Verdict[] = [
  {
    payloads: /^a tab (in front of|behind) a length|^chunked with a tab (before|behind) the value/,
    words:
      'Legal (RFC 9110 §5.6.3), and refused all the same: it is one of the disguises of "HTTP Desync Attacks", by which one parser sees a value and another does not, and no client needs it.',
  },
  {
    payloads: /more than 63 bits/,
    words: 'No number that is counted exactly. The others wait for a body that cannot come.',
  },
  {
    payloads: /^a fold|^a value folded|fold|begins with white space|^an empty line of white space/,
    words:
      'obs-fold: to be refused or replaced (RFC 9112 §5.2). The others replace it by spaces, so that the app gets other bytes than came; weft forwards what it judged, or nothing.',
  },
  {
    payloads: /CGI cannot tell/,
    words:
      'Apps behind CGI and WSGI see one variable for both spellings (RFC 3875 §4.1.18), and may take this for the length or the coding that the proxy did not see.',
  },
  {
    payloads: /an empty value and a good line/,
    words:
      'Two Transfer-Encoding lines. HAProxy passes them on and the app refuses; Envoy writes one of its own.',
  },
  {
    payloads: /(space|tab) behind the (last )?size/,
    words:
      'White space is no part of a chunk size, and llhttp refuses it; the others read over it, which is how smuggled bytes fit into a size.',
  },
  {
    payloads: /extension of 5000 bytes|trailers of 9000 bytes/,
    words:
      'A limit: 4 KiB for the line of a chunk, 8 KiB for trailers. Nobody needs more, and both are read for nothing.',
  },
  {
    payloads: /an extension|in an extension/,
    words: 'No chunk-ext by RFC 9112 §7.1.1: where it ends is what parsers have disagreed on.',
  },
  {
    payloads: /^a trailer that is/,
    words:
      'A field that frames, routes or authenticates may not stand in a trailer (RFC 9110 §6.5.1): an app that merges trailers into the head would take it for one of the head.',
  },
  {
    payloads: /LF|line feed|bare line end|without a line end/,
    words:
      'RFC 9112 §2.2 lets a recipient take a single LF for a line end and does not ask for it. Where one of two parsers does and the other does not, a header or a request hides; weft takes CRLF only.',
  },
  {
    payloads: /spaces (before|behind) the target|a tab before the target/,
    words:
      'RFC 9112 §3 allows to be lenient here and warns of it. One space is the grammar; more are a sign of a target that hides something.',
  },
  {
    payloads: /the preface of HTTP\/2/,
    words:
      'A listener of HTTP/1.1 answers in HTTP/1.1 that the version is not spoken. The others speak HTTP/2 on the same port and wait for its frames.',
  },
  {
    payloads: /user information/,
    words:
      'User information has no place in Host or in a target (RFC 9110 §4.2.4): what stands before the @ looks like the host to those who read on.',
  },
  {
    payloads: /the same Host twice/,
    words:
      'RFC 9112 §3.2: a server must answer 400 to more than one Host, equal or not. Envoy makes a list of them.',
  },
  {
    payloads: /^a Host (with|behind)/,
    words:
      'No `uri-host [":" port]` (RFC 9110 §7.2), so 400 (RFC 9112 §3.2): where the host ends, and which port is meant, is for each reader to guess.',
  },
  {
    payloads: /absolute form in capitals/,
    words:
      'Schemes have no case, and a missing path is `/` (RFC 9110 §4.2.3, RFC 9112 §3.2.2): a legal request. The others answer 400 and 404.',
  },
  {
    payloads: /named hop-by-hop/,
    words:
      'A sender must not name a field that is for all recipients (RFC 9110 §7.6.1). The others do not cut named fields at all; who does and cuts these loses the body.',
  },
  {
    payloads: /^a Connection/,
    words:
      'No list of tokens. What it names is to be cut, and what cannot be read cannot be cut; the others do not look.',
  },
  {
    payloads: /websocket of an unknown version/,
    words:
      'The app decides on versions (RFC 6455 §4.4). HAProxy misses the key; Envoy closes after an upgrade that was turned down, weft goes on with the next request.',
  },
];
