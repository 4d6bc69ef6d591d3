/**
 * Reads of a DeltaDiscoveryResponse only what an ACK says, straight from its bytes. A thousand simulated sidecars share the core of
 * the load; whole messages decoded a thousand times would be counted as the control plane's delay.
 */

/** Numbers of the fields in `envoy/service/discovery/v3/discovery.proto`. */
const TYPE_URL = 4;
const NONCE = 5;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
}

/** Throws when the bytes are no such message. */
export function readDeltaResponse(bytes: Buffer): DeltaResponse {
  const reader = { at: 0 };
  let typeUrl = '';
  let nonce = '';
  while (reader.at < bytes.length) {
    const tag = readVarint(bytes, reader);
    const value = readVarint(bytes, reader);
    if ((tag & 7) === VARINT) continue;
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`field ${tag >> 3} has wire type ${tag & 7}`);
    const end = reader.at + value;
    if (end > bytes.length) throw new Error('the message ends too early');
    if (tag >> 3 === TYPE_URL) typeUrl = bytes.toString('latin1', reader.at, end);
    if (tag >> 3 === NONCE) nonce = bytes.toString('latin1', reader.at, end);
    reader.at = end;
  }
  return { typeUrl, nonce };
}

function readVarint(bytes: Buffer, reader: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[reader.at];
    if (byte === undefined) throw new Error('the message ends too early');
    reader.at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw new Error('a number is too long');
}
