import { expect, test } from 'vitest';
import { copyShared } from '../../../src/rd/shared_copy.ts';
import { Generator } from '../records/generator.ts';

test('exactly the bytes of the source arrive, whatever their number, alignment and memory', () => {
  const random = new Generator(10);
  for (let size = 0; size < 600; size++) {
    const source = Uint8Array.from({ length: size }, () => 1 + random.below(255));
    const memory = size % 2 === 0 ? new SharedArrayBuffer(1000) : new ArrayBuffer(1000);
    const at = random.below(100);

    copyShared(Buffer.from(memory), at, source);

    const expected = Buffer.alloc(1000);
    expected.set(source, at);
    expect(Buffer.from(memory).equals(expected)).toBe(true);
  }
});

test('a source in shared memory is copied too', () => {
  const source = new Uint8Array(new SharedArrayBuffer(300)).fill(7);
  const to = Buffer.alloc(302);

  copyShared(to, 1, source);

  expect([...to]).toEqual([0, ...source, 0]);
});
