import { describe, expect, test } from 'vitest';
import { crc32 } from '../../../src/rd/crc32.ts';
import { crc32c } from '../../../src/rd/crc32c.ts';
import { makeCrc32cWasm } from '../../../src/rd/crc32c_wasm.ts';
import { Generator } from '../records/generator.ts';

const CHECK = Buffer.from('123456789');

/** The conditions of the zlib licence, laid out as librdkafka's own unit test (crc32c.c) sums them up. */
const ZLIB_LICENCE = [
  "  This software is provided 'as-is', without any express or implied",
  '  warranty.  In no event will the author be held liable for any damages',
  '  arising from the use of this software.',
  '',
  '  Permission is granted to anyone to use this software for any purpose,',
  '  including commercial applications, and to alter it and redistribute it',
  '  freely, subject to the following restrictions:',
  '',
  '  1. The origin of this software must not be misrepresented; you must not',
  '     claim that you wrote the original software. If you use this software',
  '     in a product, an acknowledgment in the product documentation would be',
  '     appreciated but is not required.',
  '  2. Altered source versions must be plainly marked as such, and must not be',
  '     misrepresented as being the original software.',
  '  3. This notice may not be removed or altered from any source distribution.',
].join('\n');

/** Bit by bit, for any reflected polynomial. */
function reference(bytes: Uint8Array, polynomial: number): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  test('gives the published check value and 0 for nothing', () => {
    expect([crc32c(CHECK), crc32c(new Uint8Array(0))]).toEqual([0xe3069283, 0]);
  });

  test("gives the sum of librdkafka's own vector", () => {
    expect(crc32c(Buffer.from(ZLIB_LICENCE))).toBe(0x7dcde113);
  });

  test('equals the bit-by-bit definition, also on shared memory', () => {
    const random = new Generator(5);
    const plain = Array.from({ length: 300 }, () => random.bytes(100));
    const shared = plain.map((bytes) => {
      const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
      view.set(bytes);
      return view;
    });

    const sums = shared.map((bytes) => crc32c(bytes));

    expect(sums).toEqual(plain.map((bytes) => reference(bytes, 0x82f63b78)));
  });

  test('seeds chain over any cut of the bytes', () => {
    const bytes = Uint8Array.from({ length: 70 }, (_, i) => i * 37);
    const whole = crc32c(bytes);

    const chained = Array.from(bytes, (_, cut) => crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))));

    expect(chained).toEqual(chained.map(() => whole));
  });
});

describe('crc32c by WebAssembly', () => {
  const wasm = makeCrc32cWasm();

  test('is there, on every Node that we run on', () => {
    expect(wasm).not.toBeNull();
  });

  test('equals the bit-by-bit definition for every length up to three steps and around a piece', () => {
    const random = new Generator(11);
    const lengths = [...Array.from({ length: 520 }, (_, i) => i), 32_767, 32_768, 32_769, 33_000, 66_000];
    for (const length of lengths) {
      const memory = new Uint8Array(new SharedArrayBuffer(length + 16)).map(() => random.below(256));
      const bytes = memory.subarray(random.below(16)).subarray(0, length);

      expect([length, wasm!.sum(bytes, 0)]).toEqual([length, reference(bytes, 0x82f63b78)]);
    }
  });

  test('seeds chain over any cut of the bytes', () => {
    const bytes = Uint8Array.from({ length: 1500 }, (_, i) => i * 37);
    const whole = reference(bytes, 0x82f63b78);

    const chained = Array.from(bytes, (_, cut) => wasm!.sum(bytes.subarray(cut), wasm!.sum(bytes.subarray(0, cut), 0)));

    expect(chained).toEqual(chained.map(() => whole));
  });

  test('crc32c is the same on both sides of where it comes in', () => {
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i * 41);
    for (const length of [511, 512, 513, 4095, 4096, 511, 512, 10_000]) {
      const part = bytes.subarray(3, 3 + length);

      expect(crc32c(part)).toBe(reference(part, 0x82f63b78));
    }
  });
});

describe('crc32', () => {
  test('gives the published check value and 0 for nothing', () => {
    expect([crc32(CHECK), crc32(new Uint8Array(0))]).toEqual([0xcbf43926, 0]);
  });

  test('a part of a bigger array gives what the same bytes alone give', () => {
    const random = new Generator(7);
    const big = new Uint8Array(400).map(() => random.below(256));
    for (let i = 0; i < 500; i++) {
      const from = random.below(200);
      const to = from + random.below(200);

      const sum = crc32(big, from, to);

      expect(sum).toBe(reference(big.slice(from, to), 0xedb88320));
    }
  });

  test('seeds chain, for short and long parts', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, i) => i * 41);
    const whole = crc32(bytes);

    const chained = Array.from(bytes, (_, cut) => crc32(bytes, cut, 200, crc32(bytes, 0, cut)));

    expect(chained).toEqual(chained.map(() => whole));
  });
});
