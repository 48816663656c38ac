// Members of a KIP-848 group name themselves. @thread any
import { randomUUID } from 'node:crypto';

/** A random (version 4) uuid as 22 characters of base64url, which never begin with a dash. */
export function newMemberId(): string {
  for (;;) {
    const text = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}
