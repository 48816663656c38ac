// Checks a certificate or key that is given as bytes, when it is given. @thread app
import { createPrivateKey, X509Certificate } from 'node:crypto';

/** What conf_set_ssl_cert keeps. */
export interface Certificate {
  /** RD_KAFKA_CERT_PUBLIC_KEY, _PRIVATE_KEY or _CA. */
  readonly type: number;
  /** RD_KAFKA_CERT_ENC_PKCS12, _DER or _PEM. */
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

/** The internal property that holds each type. */
export const CERTIFICATE_PROPERTIES: readonly string[] = ['ssl_certificate', 'ssl_key', 'ssl_ca'];

const TYPES: readonly string[] = ['certificate', 'private key', 'CA certificate'];
const ENCODINGS: readonly string[] = ['PKCS#12', 'DER', 'PEM'];

/**
 * Null when `certificate` can be read, or else why not. A PKCS#12 store is opened later, when TLS is set up.
 * `passphrase` is for encrypted keys.
 */
export function certificateError(certificate: Certificate, passphrase: string | null): string | null {
  const { type, encoding } = certificate;
  if (TYPES[type] === undefined) return `invalid certificate type ${type}`;
  if (ENCODINGS[encoding] === undefined) return `invalid certificate encoding ${encoding}`;
  if (ENCODINGS[encoding] === 'PKCS#12') return null;
  try {
    if (TYPES[type] === 'private key') readKey(certificate, passphrase);
    else new X509Certificate(certificate.bytes);
    return null;
  } catch (error) {
    return `failed to read the ${ENCODINGS[encoding]} ${TYPES[type]}: ${(error as Error).message}`;
  }
}

function readKey({ encoding, bytes }: Certificate, passphrase: string | null): void {
  const key = Buffer.from(bytes);
  const secret = passphrase === null ? {} : { passphrase };
  if (ENCODINGS[encoding] === 'PEM') {
    createPrivateKey({ key, format: 'pem', ...secret });
    return;
  }
  try {
    createPrivateKey({ key, format: 'der', type: 'pkcs8', ...secret });
  } catch (error) {
    if (!isReadable(key, 'pkcs1') && !isReadable(key, 'sec1')) throw error;
  }
}

function isReadable(key: Buffer, type: 'pkcs1' | 'sec1'): boolean {
  try {
    createPrivateKey({ key, format: 'der', type });
    return true;
  } catch {
    return false;
  }
}
