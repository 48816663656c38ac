// Random messages of any schema, and the seeded generator behind them: the same seed gives the same messages.
import { blank } from '../../src/protocol/defaults.ts';
import { type Field, holds, type Struct } from '../../src/protocol/schema.ts';

const TEXTS = ['', 'a', 'topic-1', 'größe', '主题', '🙂', 'consumer_group.7'];
const SAFE = Number.MAX_SAFE_INTEGER;
const RANGES: Record<string, readonly [number, number]> = {
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
  int64: [-SAFE, SAFE],
};

export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 32 random bits, unsigned (mulberry32). */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 up to, and without, `below` (at most 2^32). */
  below(below: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * below);
  }

  bytes(size: number): Uint8Array {
    const out = new Uint8Array(size);
    for (let i = 0; i < size; i++) out[i] = this.bits();
    return out;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  integer(min: number, max: number): number {
    switch (this.below(8)) {
      case 0:
        return min;
      case 1:
        return max;
      case 2:
        return 0;
      case 3:
        return Math.max(min, -1);
      case 4:
        return this.below(100);
      default: {
        const wide = (this.bits() % 0x20_0000) * 0x1_0000_0000 + this.bits();
        return max === SAFE ? (this.below(2) === 0 ? wide : -wide) : min + (wide % (max - min + 1));
      }
    }
  }
}

function single(field: Field, version: number, flexible: boolean, random: SeededRandom): unknown {
  const range = RANGES[field.type];
  if (range !== undefined) return random.integer(range[0], range[1]);
  if (field.fields !== null) return fieldsOf(field.fields, version, flexible, random);
  // Bytes to us, but Kafka reads a string.
  if (field.raw) return new Uint8Array(Buffer.from(random.pick(TEXTS)));
  switch (field.type) {
    case 'bool':
      return random.below(2) === 1;
    case 'string':
      return random.below(30) === 0 ? 'long '.repeat(26 + random.below(30)) : random.pick(TEXTS);
    case 'uuid':
      return Buffer.from(random.bytes(16)).toString('base64url');
    case 'float64':
      return (random.bits() - random.bits()) / 7;
    default:
      return random.bytes(random.below(20) === 0 ? 200 : random.below(24));
  }
}

function value(field: Field, version: number, flexible: boolean, random: SeededRandom): unknown {
  if (holds(field.nullable, version) && random.below(5) === 0) return null;
  if (!field.array) return single(field, version, flexible, random);
  const size = field.fields === null && random.below(40) === 0 ? 130 : random.below(4);
  return Array.from({ length: size }, () => single(field, version, flexible, random));
}

function fieldsOf(fields: readonly Field[], version: number, flexible: boolean, random: SeededRandom): any {
  const out = blank(fields);
  for (const field of fields) {
    if (!holds(field.versions, version)) continue;
    if (flexible && holds(field.tagged, version) && random.below(3) === 0) continue;
    out[field.name] = value(field, version, flexible, random);
  }
  return out;
}

/** A message as our decoder would give it. */
export function randomMessage(struct: Struct, version: number, random: SeededRandom): any {
  return fieldsOf(struct.fields, version, version >= struct.flexible, random);
}
