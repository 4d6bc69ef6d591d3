import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Says whether a request carries the mesh's bearer token; the time it takes tells nothing about the token. */
export type Authenticate = (headers: IncomingHttpHeaders) => boolean;

export function bearerToken(token: string): Authenticate {
  const expected = digest(token);
  return ({ authorization }) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
