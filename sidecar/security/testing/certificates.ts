/** Certificates for tests, made when they are asked for. */
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Both PEM. */
export interface Certificate {
  readonly chain: string;
  readonly key: string;
}

export interface Names {
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly ip?: readonly string[];
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

export class Authority {
  readonly certificate: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #issuer: x509.X509Certificate;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = certificate.toString('pem');
    this.#issuer = certificate;
    this.#keys = keys;
  }

  static async create(name: string): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      ...validFor(1),
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new Authority(certificate, keys);
  }

  /** Valid from a day ago until `days` from now. */
  async issue({ dns = [], uri = [], ip = [] }: Names, days = 1): Promise<Certificate> {
    const keys = await generateKeys();
    const names = [
      ...dns.map((value) => ({ type: 'dns' as const, value })),
      ...uri.map((value) => ({ type: 'url' as const, value })),
      ...ip.map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      subject: 'CN=test',
      issuer: this.#issuer.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validFor(days),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.SubjectAlternativeNameExtension(names),
      ],
    });
    return { chain: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
  }
}

function validFor(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 2 * DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const options = { format: 'pem', type: 'pkcs8' } as const;
  return String(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export(options));
}
