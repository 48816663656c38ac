import { describe, expect, test } from 'vitest';
import {
  blockId,
  creatorOf,
  extentId,
  firstPageOf,
  indexOf,
  MAX_CREATORS,
  MAX_PAGES,
  MAX_SLABS,
  pageOf,
  slabOf,
} from '../../../src/ops/ids.ts';

const CREATORS = [0, 1, MAX_CREATORS - 1];

describe('an id', () => {
  test.each(CREATORS)('of a block of creator %i gives back its parts', (creator) => {
    for (const page of [0, 1, 77, MAX_PAGES - 1])
      for (const index of [0, 511, 1023]) {
        const id = blockId(creator, page, index);
        expect([creatorOf(id), pageOf(id), indexOf(id)]).toEqual([creator, page, index]);
      }
  });

  test.each(CREATORS)('of an extent of creator %i gives back its parts', (creator) => {
    for (const slab of [0, 1, 77, MAX_SLABS - 1])
      for (const first of [0, 4, 255]) {
        const id = extentId(creator, slab, first);
        expect([creatorOf(id), slabOf(id), firstPageOf(id)]).toEqual([creator, slab, first]);
      }
  });

  test('is never negative, so that it can be told from EMPTY and CLOSED', () => {
    expect(blockId(MAX_CREATORS - 1, MAX_PAGES - 1, 1023)).toBe(0x7fffffff);
    expect(extentId(MAX_CREATORS - 1, MAX_SLABS - 1, 255)).toBe(0x7fffffff);
  });
});
