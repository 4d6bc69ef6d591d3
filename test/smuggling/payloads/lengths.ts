/** Two lengths, or one that parsers read differently: CL.CL, CL.TE, TE.CL. */
import { CHUNKED, head, LAST_CHUNK, type Payload, refused, SMUGGLED } from '../payload.ts';

export const LENGTHS: readonly Payload[] = [
  refused(
    'CL.TE: a length over chunks, the rest a request',
    'Kettle, HTTP Desync Attacks (2019)',
    head('POST /a', `Content-Length: ${LAST_CHUNK.length + SMUGGLED.length}`, CHUNKED) +
      LAST_CHUNK +
      SMUGGLED,
  ),
];
