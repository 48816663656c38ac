// A seeded generator for property tests: the same seed gives the same values, so a failure names its seed.
import type { BatchRecord } from '../../../src/records/batch_writer.ts';
import type { Bytes } from '../../../src/records/record_writer.ts';

const TEXTS = [
  '',
  'a',
  'key',
  'größe',
  '鍵',
  '🔑🔑',
  'x'.repeat(63),
  'ü'.repeat(63),
  'x'.repeat(64),
  '€'.repeat(2730),
  '\ud800',
];

export class Generator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** [0, 1): mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x100000000;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** An integer of up to `bits` bits, either sign, sizes evenly spread. */
  integer(bits: number): number {
    const size = this.below(bits + 1);
    const value = Math.floor(this.random() * 2 ** size);
    return this.random() < 0.5 ? value : -value - 1;
  }

  bytes(most: number): Uint8Array {
    const bytes = new Uint8Array(this.below(most + 1));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  field(most: number): Bytes {
    const kind = this.below(4);
    if (kind === 0) return null;
    return kind === 1 ? TEXTS[this.below(TEXTS.length)]! : this.bytes(most);
  }

  record(): BatchRecord {
    const headers: [string, Uint8Array | null][] = [];
    for (let left = this.below(3) === 0 ? this.below(70) : 0; left > 0; left--) {
      headers.push([TEXTS[this.below(8)]!, this.below(4) === 0 ? null : this.bytes(30)]);
    }
    return {
      timestamp: Math.abs(this.integer(52)),
      key: this.field(70),
      value: this.field(this.below(5) === 0 ? 9000 : 300),
      headers: headers.length > 0 || this.below(2) === 0 ? headers : null,
    };
  }

  records(most: number): BatchRecord[] {
    return Array.from({ length: 1 + this.below(most) }, () => this.record());
  }
}

/** A field as text that compares fast; null and empty differ. */
export function hex(field: Bytes | undefined): string | null {
  if (field === null || field === undefined) return null;
  return Buffer.from(field as Uint8Array).toString('hex');
}
