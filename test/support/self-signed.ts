/**
 * A certificate for 127.0.0.1, made in the test that needs it, so that no key lies in the repository. Just enough DER
 * (X.509 v3, ECDSA P-256) for a TLS server and for a client that pins it.
 */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Credentials {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const BASIC_CONSTRAINTS = '0603551d13';
const SUBJECT_ALT_NAME = '0603551d11';

export function selfSigned(commonName = 'test'): Credentials {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(hex(ECDSA_WITH_SHA256));
  const name = sequence(tagged(0x31, sequence(hex(COMMON_NAME), tagged(0x0c, Buffer.from(commonName)))));
  const authority = sequence(hex(BASIC_CONSTRAINTS), tagged(0x04, sequence(hex('0101ff'))));
  const loopback = sequence(hex(SUBJECT_ALT_NAME), tagged(0x04, sequence(hex('87047f000001'))));
  const body = sequence(
    tagged(0xa0, hex('020102')),
    hex('020101'),
    algorithm,
    name,
    sequence(tagged(0x17, Buffer.from('200101000000Z')), tagged(0x17, Buffer.from('491231235959Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(authority, loopback)),
  );
  const signature = tagged(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, privateKey)]));
  const der = sequence(body, algorithm, signature).toString('base64');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** Tag, length in DER's short or long form, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = hex(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'));
  const size = length < 0x80 ? Buffer.of(length) : Buffer.concat([Buffer.of(0x80 | long.length), long]);
  return Buffer.concat([Buffer.of(tag), size, content]);
}
