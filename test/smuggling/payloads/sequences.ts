/** Requests behind requests: pipelines, bodies that nobody expects, and bodies that wait to be asked for. */
import {
  CHUNKED,
  head,
  LAST_CHUNK,
  type Payload,
  refused,
  SAW_SMUGGLED,
  SMUGGLED,
  taken,
} from '../payload.ts';

const CL_0 = 'Kettle, Browser-Powered Desync Attacks (2022): CL.0';
const ZERO_CL = 'Kettle, HTTP/1.1 must die (2025): 0.CL';
const EXPECT = 'RFC 9110 §10.1.1; Kettle (2025)';
const PIPELINE = 'RFC 9112 §9.3.2';
const LENGTH = `Content-Length: ${SMUGGLED.length}`;
const SAW_BODY = `POST /a ${SMUGGLED.length}`;

export const SEQUENCES: readonly Payload[] = [
  taken(
    'Expect that no one knows, with a body',
    ZERO_CL,
    head('POST /a', 'Expect: y 100-continue', LENGTH) + SMUGGLED,
    [SAW_BODY],
    'open',
    ['apache'],
  ),
  taken(
    'Expect twice',
    ZERO_CL,
    head('POST /a', 'Expect: 100-continue', 'Expect: 100-continue', LENGTH) + SMUGGLED,
    [SAW_BODY],
    'open',
    ['nginx', 'apache'],
  ),
  taken(
    'Expect before its body has come',
    EXPECT,
    head('POST /a', 'Expect: 100-continue', LENGTH),
    [],
    'waiting',
  ),
  taken(
    'a close among chunks, and a request behind them',
    PIPELINE,
    head('POST /a', CHUNKED, 'Connection: close') + LAST_CHUNK + SMUGGLED,
    ['POST /a 0'],
    'closed',
  ),
  taken('CL.0: a body to a path of files', CL_0, head('POST /icon.png', LENGTH) + SMUGGLED, [
    `POST /icon.png ${SMUGGLED.length}`,
  ]),
  taken(
    'CL.0: a body to a path that climbs',
    CL_0,
    head('POST /a/..%2f..%2fb', LENGTH) + SMUGGLED,
    [`POST /a/..%2f..%2fb ${SMUGGLED.length}`],
    'open',
    ['nginx'],
  ),
  taken('CL.0: a body on HEAD', CL_0, head('HEAD /a', LENGTH) + SMUGGLED, [`HEAD /a ${SMUGGLED.length}`]),
  taken('CL.0: a body on an unknown method', CL_0, head('PROPFIND /a', LENGTH) + SMUGGLED, [
    `PROPFIND /a ${SMUGGLED.length}`,
  ]),
  taken(
    '0.CL: a body in a name that hides it',
    ZERO_CL,
    head('POST /a', 'Content-Length_: 5', `X-Content-Length: 7`) + SMUGGLED,
    ['POST /a 0', SAW_SMUGGLED],
  ),
  refused('0.CL: a length behind a space', ZERO_CL, head('POST /a', ` ${LENGTH}`) + SMUGGLED),
  refused('0.CL: a length behind a bare line end', ZERO_CL, head('POST /a', `X: y\n${LENGTH}`) + SMUGGLED),
  refused(
    '0.CL: a length in a fold of the first header',
    ZERO_CL,
    `POST /a HTTP/1.1\r\n ${LENGTH}\r\nHost: app.test\r\n\r\n${SMUGGLED}`,
  ),
  taken('Expect with its body at once', EXPECT, head('POST /a', 'Expect: 100-continue', LENGTH) + SMUGGLED, [
    SAW_BODY,
  ]),
  taken('Expect in capitals', EXPECT, head('POST /a', 'EXPECT: 100-CONTINUE', LENGTH) + SMUGGLED, [SAW_BODY]),
  taken(
    'Expect with chunks',
    EXPECT,
    head('POST /a', 'Expect: 100-continue', CHUNKED) + LAST_CHUNK + SMUGGLED,
    ['POST /a 0', SAW_SMUGGLED],
  ),
  taken('Expect without a body', EXPECT, head('GET /a', 'Expect: 100-continue') + SMUGGLED, [
    'GET /a 0',
    SAW_SMUGGLED,
  ]),
  taken(
    'Expect with a length of zero',
    EXPECT,
    head('POST /a', 'Expect: 100-continue', 'Content-Length: 0') + SMUGGLED,
    ['POST /a 0', SAW_SMUGGLED],
  ),
  taken('Expect on a GET with a body', EXPECT, head('GET /a', 'Expect: 100-continue', LENGTH) + SMUGGLED, [
    `GET /a ${SMUGGLED.length}`,
  ]),
  taken(
    'Expect in HTTP/1.0',
    EXPECT,
    `POST /a HTTP/1.0\r\nHost: app.test\r\nExpect: 100-continue\r\n${LENGTH}\r\n\r\n${SMUGGLED}`,
    [SAW_BODY],
    'closed',
  ),
  taken(
    'a hundred requests at once',
    PIPELINE,
    Array.from({ length: 100 }, (_, i) => head(`GET /${i}`)).join(''),
    Array.from({ length: 100 }, (_, i) => `GET /${i} 0`),
  ),
  taken(
    'a pipeline of bodies',
    PIPELINE,
    `${head('POST /a', 'Content-Length: 5')}hello${head('POST /b', CHUNKED)}${LAST_CHUNK}${SMUGGLED}`,
    ['POST /a 5', 'POST /b 0', SAW_SMUGGLED],
  ),
  taken('a pipeline with a HEAD in it', PIPELINE, head('HEAD /a') + SMUGGLED + head('HEAD /b'), [
    'HEAD /a 0',
    SAW_SMUGGLED,
    'HEAD /b 0',
  ]),
  refused('a good request and junk', PIPELINE, `${head('GET /a')}junk\r\n\r\n`, 400, ['GET /a 0']),
  refused(
    'a good request and two lengths',
    PIPELINE,
    `${head('GET /a')}${head('POST /b', 'Content-Length: 1', 'Content-Length: 2')}xx`,
    400,
    ['GET /a 0'],
  ),
  refused(
    'a good request and bad chunks',
    PIPELINE,
    `${head('GET /a')}${head('POST /b', CHUNKED)}x\r\n`,
    400,
    ['GET /a 0'],
  ),
  refused(
    'a body longer than its length',
    PIPELINE,
    `${head('POST /a', 'Content-Length: 4')}hello\0${SMUGGLED}`,
    400,
    ['POST /a 4'],
  ),
  refused(
    'a request behind a body without a line end',
    PIPELINE,
    `${head('POST /a', 'Content-Length: 4')}body\n${SMUGGLED}`,
    400,
    ['POST /a 4'],
  ),
  refused(
    'a request behind chunks, one octet too early',
    PIPELINE,
    `${head('POST /a', CHUNKED)}0\r\n\r${SMUGGLED}`,
  ),
];
