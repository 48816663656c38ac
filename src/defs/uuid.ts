// rd_kafka_Uuid_t: 128 bits in two signed halves, printed as 22 characters of base64url. @thread any
import { GONE } from '../rd/check.ts';
import type { rd_kafka_Uuid_t } from './types.ts';

export class Uuid implements rd_kafka_Uuid_t {
  readonly most: bigint;
  readonly least: bigint;
  '~gone': string = '';

  /** Signed 64-bit halves. */
  constructor(most: bigint, least: bigint) {
    this.most = most;
    this.least = least;
  }

  get '~type'(): 'rd_kafka_Uuid_t' {
    return 'rd_kafka_Uuid_t';
  }

  /** 22 characters, as Kafka prints a topic id. */
  base64(): string {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64BE(this.most, 0);
    bytes.writeBigInt64BE(this.least, 8);
    return bytes.toString('base64url');
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** The Uuid of 22 characters of base64url (as protocol/reader gives them); null when they are none. */
export function uuidFromBase64(text: string): Uuid | null {
  if (!/^[A-Za-z0-9_-]{22}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  return new Uuid(bytes.readBigInt64BE(0), bytes.readBigInt64BE(8));
}
