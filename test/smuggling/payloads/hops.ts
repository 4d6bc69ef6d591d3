/** What belongs to one hop: Connection and the names in it, upgrades, tunnels. */
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

const ABUSE = 'Davison, Abusing HTTP hop-by-hop request headers (2019)';
const CONNECTION = 'RFC 9110 §7.6.1';
const UPGRADE = 'RFC 9110 §7.8';
const H2C = 'Williams, h2c smuggling (2020)';
const WEBSOCKET = 'Emelianov, WebSocket smuggling (2019)';

const HANDSHAKE = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const LENGTH = `Content-Length: ${SMUGGLED.length}`;

export const HOPS: readonly Payload[] = [
  taken(
    'h2c that Connection does not name',
    H2C,
    head('GET /a', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA') + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken('an upgrade to nothing', UPGRADE, head('GET /a', 'Connection: Upgrade', 'Upgrade:') + SMUGGLED, [
    'GET /a 0',
    SAW_SMUGGLED,
  ]),
  taken('an upgrade that is only in Connection', UPGRADE, head('GET /a', 'Connection: Upgrade') + SMUGGLED, [
    'GET /a 0',
    SAW_SMUGGLED,
  ]),
  refused(
    'a length named hop-by-hop',
    ABUSE,
    head('POST /a', LENGTH, 'Connection: content-length') + SMUGGLED,
  ),
  refused(
    'a coding named hop-by-hop',
    ABUSE,
    head('POST /a', CHUNKED, 'Connection: close, Transfer-Encoding') + LAST_CHUNK + SMUGGLED,
  ),
  refused(
    'a coding named hop-by-hop in a second line',
    ABUSE,
    head('POST /a', CHUNKED, 'Connection: close', 'Connection: transfer-encoding') + LAST_CHUNK,
  ),
  refused('a Host named hop-by-hop', ABUSE, head('GET /a', 'Connection: keep-alive, HOST')),
  refused('a Connection that is no list', CONNECTION, head('GET /a', 'Connection: close keep-alive')),
  refused('a Connection with quotes', CONNECTION, head('GET /a', 'Connection: "close"')),
  refused('a Connection with a parameter', CONNECTION, head('GET /a', 'Connection: close;a=b')),
  refused('a Connection with octets above ASCII', CONNECTION, head('GET /a', 'Connection: clos\xe9')),
  refused(
    'a Connection of 200 names',
    CONNECTION,
    head('GET /a', `Connection: ${Array.from({ length: 200 }, (_, i) => `x-${i}`).join()}`),
  ),
  taken(
    'a Connection that names another header',
    CONNECTION,
    head('GET /a', 'Connection: x-a', 'X-A: b') + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'a Connection of empty elements',
    CONNECTION,
    head('GET /a', 'Connection: ,, keep-alive ,') + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'a Connection that closes, and a request behind it',
    CONNECTION,
    head('GET /a', 'Connection: close') + SMUGGLED,
    ['GET /a 0'],
    'closed',
  ),
  taken(
    'a Connection that closes and keeps',
    CONNECTION,
    head('GET /a', 'Connection: keep-alive, close') + SMUGGLED,
    ['GET /a 0'],
    'closed',
  ),
  taken(
    'a Connection that closes in a second line',
    CONNECTION,
    head('GET /a', 'Connection: keep-alive', 'CONNECTION: Close') + SMUGGLED,
    ['GET /a 0'],
    'closed',
  ),
  taken(
    'Proxy-Connection says nothing here',
    CONNECTION,
    head('GET /a', 'Proxy-Connection: close') + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken('Keep-Alive does not pass', CONNECTION, head('GET /a', 'Keep-Alive: max=1') + SMUGGLED, [
    'GET /a 0',
    SAW_SMUGGLED,
  ]),
  taken(
    'h2c, refused by the app',
    H2C,
    head(
      'GET /a',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ) + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'h2c in a list',
    H2C,
    head('GET /a', 'Connection: Upgrade', 'Upgrade: websocket, h2c', ...HANDSHAKE) + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'h2c in a second line',
    H2C,
    head('GET /a', 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c', ...HANDSHAKE) + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'h2c with a body',
    H2C,
    `${head('POST /a', 'Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5')}hello${SMUGGLED}`,
    ['POST /a 5', SAW_SMUGGLED],
  ),
  taken(
    'an upgrade that Connection does not name',
    UPGRADE,
    head('GET /a', 'Upgrade: websocket', ...HANDSHAKE) + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'a websocket that the app does not want, and a request behind it',
    WEBSOCKET,
    head('GET /a', 'Connection: Upgrade', 'Upgrade: websocket', ...HANDSHAKE) + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'a websocket of an unknown version',
    WEBSOCKET,
    head('GET /a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 777') + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'an upgrade with a body that is a request',
    WEBSOCKET,
    head('POST /a', 'Connection: Upgrade', 'Upgrade: websocket', LENGTH) + SMUGGLED,
    [`POST /a ${SMUGGLED.length}`],
  ),
  taken(
    'an upgrade with chunks',
    WEBSOCKET,
    head('POST /a', 'Connection: Upgrade', 'Upgrade: websocket', CHUNKED) + LAST_CHUNK + SMUGGLED,
    ['POST /a 0', SAW_SMUGGLED],
  ),
  taken(
    'an upgrade to HTTP/2.0',
    UPGRADE,
    head('GET /a', 'Connection: Upgrade', 'Upgrade: HTTP/2.0') + SMUGGLED,
    ['GET /a 0', SAW_SMUGGLED],
  ),
  taken(
    'an upgrade to TLS',
    'RFC 2817',
    head('OPTIONS /a', 'Connection: Upgrade', 'Upgrade: TLS/1.0') + SMUGGLED,
    ['OPTIONS /a 0', SAW_SMUGGLED],
  ),
  taken(
    'an upgrade in HTTP/1.0',
    UPGRADE,
    `GET /a HTTP/1.0\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${HANDSHAKE.join('\r\n')}\r\n\r\n${SMUGGLED}`,
    ['GET /a 0'],
    'closed',
  ),
];
