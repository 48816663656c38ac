import { describe, expect, test } from 'vitest';
import { snappy } from '../../../src/compression/snappy.ts';
import { json, same } from './kit.ts';

const HEADER = Buffer.from('82534e41505059000000000100000001', 'hex');

function block(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

const raw = (text: string): Uint8Array => snappy.compress([Buffer.from(text)], -1);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('raw streams', () => {
  test('a literal is written as the format wants it', () => {
    expect(Buffer.from(raw('kafka')).toString('hex')).toBe('05106b61666b61');
  });

  test('copies with one, two and four bytes of distance are read', () => {
    expect(text(snappy.decompress(bytes('09106b61666b61' + '0105'), 100))).toBe('kafkakafk');
    expect(text(snappy.decompress(bytes('0a106b61666b61' + '120500'), 100))).toBe('kafkakafka');
    expect(text(snappy.decompress(bytes('0a106b61666b61' + '1305000000'), 100))).toBe('kafkakafka');
  });

  test('a copy may reach into what it writes', () => {
    expect(text(snappy.decompress(bytes('0804616216' + '0200'), 100))).toBe('abababab');
  });

  test.each([
    ['nothing at all', '', 'length: truncated'],
    ['a length of six bytes', '808080808000', 'length: longer than 5 bytes'],
    ['a length that so few bytes cannot have', 'ff01106b61666b61', 'length: 255 bytes cannot come out of 8'],
    ['fewer bytes than the length says', '06106b61666b61', '5 bytes instead of 6'],
    ['more bytes than the length says', '04106b61666b61', 'literal: beyond the length'],
    ['a literal that ends behind the input', '05106b6166', 'literal: truncated'],
    [
      'a literal of nearly 4 GiB, which counted back would be an endless loop',
      '09106b61666b61fcfaffffff',
      'literal: truncated',
    ],
    ['a copy without its distance', '09106b61666b6101', 'copy: truncated'],
    ['a copy of distance 0', '09106b61666b610100', 'copy: from before the start'],
    ['a copy from before the start', '09106b61666b610106', 'copy: from before the start'],
    ['a copy from 2 GiB and more before', '0a106b61666b61' + '1300000080', 'copy: from before the start'],
    ['a copy that goes beyond the length', '08106b61666b610105', 'copy: beyond the length'],
    ['a copy as the first element', '040101', 'copy: from before the start'],
  ])('%s is an error', (_what, hex, message) => {
    expect(() => snappy.decompress(bytes(hex), 1000)).toThrow(message);
  });
});

describe("Java's framing", () => {
  test('blocks are read in order', () => {
    const stream = Buffer.concat([HEADER, block(raw('kaf')), block(raw('ka'))]);

    expect(text(snappy.decompress(stream, 5))).toBe('kafka');
  });

  test('a header alone is nothing', () => {
    expect(snappy.decompress(HEADER, 100).length).toBe(0);
  });

  test('blocks share one limit', () => {
    const plain = json(600);
    const one = block(snappy.compress([plain], -1));
    const stream = Buffer.concat([HEADER, one, one]);

    expect(same(snappy.decompress(stream, 1200), Buffer.concat([plain, plain]))).toBe(true);
    expect(() => snappy.decompress(stream, 1199)).toThrow(/limit/);
  });

  test.each([
    ['a block length cut short', [HEADER, bytes('000000')], 'block length: truncated'],
    ['a block longer than the input', [HEADER, bytes('00000008'), raw('kafka')], 'block length: 8 of 7 bytes'],
    ['a negative block length', [HEADER, bytes('fffffffc'), raw('kafka')], 'block length: -4 of 7 bytes'],
    ['an empty block', [HEADER, bytes('00000000')], 'length: truncated'],
    ['a block that is broken', [HEADER, block(bytes('05106b6166'))], 'literal: truncated'],
    ['a second header cut short', [HEADER, block(raw('kafka')), HEADER.subarray(0, 15)], 'block length: -'],
  ])('%s is an error', (_what, parts, message) => {
    expect(() => snappy.decompress(Buffer.concat(parts), 1000)).toThrow(message);
  });
});
