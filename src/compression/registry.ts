// Codecs by the three low bits of a batch's attributes. @thread any
import type { Codec } from './codec.ts';
import { gzip } from './gzip.ts';
import { lz4, lz4Old } from './lz4.ts';
import { snappy } from './snappy.ts';
import { zstd } from './zstd.ts';

export const COMPRESSION_MASK = 0x07;

const NAMES: readonly string[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const CODECS: readonly (Codec | null)[] = [null, gzip, snappy, lz4, zstd];

/** The codec of these bits (attributes & 7), or null: 0 is no compression, those from 5 on are unknown. */
export function codecOf(bits: number): Codec | null {
  return CODECS[bits] ?? null;
}

/** codecOf for messages of magic 0, whose lz4 may have the wrong header checksum of KAFKA-3160. */
export function oldCodecOf(bits: number): Codec | null {
  const codec = codecOf(bits);
  return codec === lz4 ? lz4Old : codec;
}

/** Kafka's name for these bits, `codec 5` for one that Kafka has not. */
export function codecName(bits: number): string {
  return NAMES[bits] ?? `codec ${bits}`;
}

/** The bits of a codec by Kafka's name (`none`, `gzip` ...), or -1. */
export function codecBits(name: string): number {
  return NAMES.indexOf(name);
}

/** Why codecOf gave null for these bits (not 0), as text for an error. */
export function codecMissing(bits: number): string {
  return `${codecName(bits)}: unknown`;
}
