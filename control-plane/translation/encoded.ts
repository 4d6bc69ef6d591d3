import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';

/** One xDS resource as it travels: encoded once, its bytes shared by every subscriber. Immutable. */
export interface Encoded {
  readonly name: string;
  /** Content hash: the same after a restart, so that a reconnecting client need not be sent what it has. */
  readonly version: string;
  /** The message inside the `Any`. */
  readonly bytes: Uint8Array;
}

export function encode<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  message: MessageShape<Desc>,
): Encoded {
  return encodedBytes(name, toBinary(schema, message));
}

export function encodedBytes(name: string, bytes: Uint8Array): Encoded {
  return { name, version: hash64(bytes), bytes };
}

/** 64 bits from two multiplicative lanes: tells versions of one resource apart, protects from nothing. */
function hash64(bytes: Uint8Array): string {
  let a = 0x9e3779b9 ^ bytes.length;
  let b = 0x85ebca6b;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x9e3779b1);
    b = Math.imul(b ^ byte, 0x5f356495);
    b = (b << 13) | (b >>> 19);
  }
  a = Math.imul(a ^ (a >>> 16) ^ b, 0x85ebca6b);
  b = Math.imul(b ^ (b >>> 13) ^ a, 0xc2b2ae35);
  return hex(a ^ (a >>> 15)) + hex(b ^ (b >>> 16));
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
