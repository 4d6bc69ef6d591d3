import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureAdminToken } from './admin-token.ts';
import { ensureServingCertificate } from './serving-certificate.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
let pki: string;
beforeEach(() => {
  pki = mkdtempSync(join(tmpdir(), 'weft-pki-'));
});
afterEach(() => rmSync(pki, { recursive: true, force: true }));

const ensure = (nowMs: number) =>
  ensureServingCertificate({ pki, caCertificate: join(pki, 'ca.crt') }, 'cluster.local', nowMs);

describe('the serving certificate', () => {
  it('is signed by the authority and good for every name of the API', async () => {
    const { certificate, ca } = await ensure(NOW);
    const parsed = new X509Certificate(certificate);
    const authority = new X509Certificate(ca);
    expect(parsed.checkIssued(authority) && parsed.verify(authority.publicKey)).toBe(true);
    expect([authority.ca, parsed.ca]).toEqual([true, false]);
    expect(parsed.checkIP('127.0.0.1')).toBeDefined();
    for (const name of ['localhost', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']) {
      expect(parsed.checkHost(name), name).toBeDefined();
    }
  });

  it('and its keys are made once, the keys for their owner alone', async () => {
    const first = await ensure(NOW);
    expect(await ensure(NOW + DAY_MS)).toEqual(first);
    const modes = readdirSync(pki)
      .filter((name) => name.endsWith('.key'))
      .map((name) => statSync(join(pki, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it('is made anew in its last month, under the same authority', async () => {
    const first = await ensure(NOW);
    const later = await ensure(NOW + 340 * DAY_MS);
    expect(later.certificate).not.toBe(first.certificate);
    expect(later.ca).toBe(first.ca);
  });

  it('is made anew when the authority is another, or the key', async () => {
    const first = await ensure(NOW);
    rmSync(join(pki, 'ca.crt'));
    const second = await ensure(NOW);
    expect(second.certificate).not.toBe(first.certificate);
    writeFileSync(join(pki, 'apiserver.key'), first.key);
    expect((await ensure(NOW)).certificate).not.toBe(second.certificate);
  });

  it('is refused by name when it is damaged', async () => {
    await ensure(NOW);
    writeFileSync(join(pki, 'apiserver.crt'), 'garbage');
    await expect(ensure(NOW)).rejects.toMatchObject({
      code: 'CertificatesUnreadable',
      message: expect.stringContaining('apiserver.crt'),
    });
  });
});

describe('the token', () => {
  it('is made once, long and for its owner alone', () => {
    const path = join(pki, 'admin.token');
    const token = ensureAdminToken(path);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(ensureAdminToken(path)).toBe(token);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8').trim()).toBe(token);
  });

  it.each(['', 'short', 'with spaces in it, and as long as it should be'])('is refused: "%s"', (text) => {
    const path = join(pki, 'admin.token');
    writeFileSync(path, text);
    expect(() => ensureAdminToken(path)).toThrow(expect.objectContaining({ code: 'TokenUnusable' }));
  });
});
