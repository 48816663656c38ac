import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificateError } from '../../../src/conf/certificate.ts';

const [PUBLIC, PRIVATE, CA] = [0, 1, 2];
const [PKCS12, DER, PEM] = [0, 1, 2];
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

// A certificate for `t`, signed by its own key; valid to 2126, though dates are not looked at here.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBcDCCARWgAwIBAgIUVrvjl9LyQmYfYHvSZJF2vg99AE8wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAgFw0yNjExMjExNDAwMDBaGA8yMTI2MTAyODE0MDAwMFow
DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJSAcyEBZ0yF
hFFsUh3dwKEZNtrvtSjNiPHXvFinLjHM7dtbpaAIXy8mnfNvIjcFQK0fd75YPOCq
ud0QvzXuxL+jUzBRMB0GA1UdDgQWBBSvvgwp4ecGsTKZvGPAsTCoFOACsDAfBgNV
HSMEGDAWgBSvvgwp4ecGsTKZvGPAsTCoFOACsDAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0kAMEYCIQDE/6qR1FJrttlsynGpvwvuQqBmrqa9/vriayG5pMoV
awIhAK0Sv29swQrRW0bmFr2tQbQHOPW5/6XrDWGQHGtf8dRR
-----END CERTIFICATE-----
`;
const CERTIFICATE_DER = Buffer.from(CERTIFICATE.split('\n').slice(1, -2).join(''), 'base64');

function errorOf(type: number, encoding: number, bytes: Uint8Array | string, passphrase: string | null = null) {
  return certificateError({ type, encoding, bytes: Buffer.from(bytes) }, passphrase);
}

describe('a private key', () => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' });

  it('is read as PEM, with its passphrase where it has one', () => {
    expect(errorOf(PRIVATE, PEM, pem)).toBeNull();
    expect(errorOf(PRIVATE, PEM, locked, 'secret')).toBeNull();
    expect(errorOf(PRIVATE, PEM, locked, 'wrong')).toContain('failed to read the PEM private key');
  });

  it.each(['pkcs8', 'sec1'] as const)('is read as DER in the form %s', (type) => {
    expect(errorOf(PRIVATE, DER, privateKey.export({ type, format: 'der' }))).toBeNull();
  });

  it('that is none is refused', () => {
    expect(errorOf(PRIVATE, PEM, 'x')).toContain('failed to read the PEM private key');
    expect(errorOf(PRIVATE, DER, 'x')).toContain('failed to read the DER private key');
  });
});

describe('a certificate', () => {
  it.each([PUBLIC, CA])('of type %i is read as PEM and DER', (type) => {
    expect(errorOf(type, PEM, CERTIFICATE)).toBeNull();
    expect(errorOf(type, DER, CERTIFICATE_DER)).toBeNull();
  });

  it('that is none is refused, with its kind', () => {
    expect(errorOf(PUBLIC, PEM, 'x')).toContain('failed to read the PEM certificate');
    expect(errorOf(CA, DER, 'x')).toContain('failed to read the DER CA certificate');
  });

  it('of an unknown type or encoding is refused', () => {
    expect(errorOf(3, PEM, CERTIFICATE)).toBe('invalid certificate type 3');
    expect(errorOf(PUBLIC, -1, CERTIFICATE)).toBe('invalid certificate encoding -1');
  });
});

it('a PKCS#12 store is kept as it is until TLS opens it', () => {
  expect(errorOf(PUBLIC, PKCS12, 'anything')).toBeNull();
});
