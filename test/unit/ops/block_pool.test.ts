import { describe, expect, test } from 'vitest';
import { BatchPool } from '../../../src/ops/batch_writer.ts';
import { BATCHES_PER_PAGE } from '../../../src/ops/batches.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { creatorOf, indexOf, pageOf } from '../../../src/ops/ids.ts';
import { HandleMemory, PAGE_BYTES } from '../../../src/ops/memory.ts';
import { PARTITIONS_PER_PAGE } from '../../../src/ops/partitions.ts';

function pools(): { small: BlockPool; batches: BatchPool; told: number[]; memory: HandleMemory } {
  const memory = new HandleMemory(newHeadPage());
  const told: number[] = [];
  const announce = (number: number, page: SharedArrayBuffer) => {
    expect(page.byteLength).toBe(PAGE_BYTES);
    told.push(number);
  };
  const numbers = new PageNumbers();
  return {
    small: new BlockPool(memory, 2, numbers, announce),
    batches: new BatchPool(memory, 2, numbers, announce),
    told,
    memory,
  };
}

describe('pools of blocks', () => {
  test('give every block of a page once before they make another', () => {
    const { small, told } = pools();
    const ids = new Set(Array.from({ length: PARTITIONS_PER_PAGE }, () => small.take()));

    expect([ids.size, told]).toEqual([PARTITIONS_PER_PAGE, [0]]);
    expect([pageOf(small.take()), told]).toEqual([1, [0, 1]]);
  });

  test('of different kinds never have a page in common', () => {
    const { small, batches } = pools();
    const pages = [small.take(), batches.take()].map(pageOf);

    expect(new Set(pages).size).toBe(2);
  });

  test('of batches stay within the half of the index that their size allows', () => {
    const { batches } = pools();
    const ids = Array.from({ length: BATCHES_PER_PAGE }, () => batches.take());

    expect(Math.max(...ids.map(indexOf))).toBe(BATCHES_PER_PAGE - 1);
    expect(new Set(ids.map(creatorOf))).toEqual(new Set([2]));
  });

  test('give back what they were given', () => {
    const { batches, told } = pools();
    for (let i = 0; i < 3 * BATCHES_PER_PAGE; i++) batches.give(batches.take());

    expect([told.length, batches.used]).toEqual([1, 0]);
  });
});

describe('a handle’s memory', () => {
  test('reads the creator’s port until a page that it does not know is there', () => {
    const memory = new HandleMemory(newHeadPage());
    const asked: number[] = [];
    memory.readPort = (creator) => {
      asked.push(creator);
      if (asked.length === 3) memory.addPage(2, 0, new SharedArrayBuffer(PAGE_BYTES));
      return true;
    };
    const { batches } = pools();

    expect(memory.page(batches.take()).memory.byteLength).toBe(PAGE_BYTES);
    expect(asked).toEqual([2, 2, 2]);
  });

  test('says which page was never posted', () => {
    const memory = new HandleMemory(newHeadPage());
    expect(() => memory.page(pools().batches.take())).toThrow(/page 0 of creator 2/);
  });

  test('keeps the first of two copies of a page', () => {
    const memory = new HandleMemory(newHeadPage());
    const page = memory.addPage(1, 4, new SharedArrayBuffer(PAGE_BYTES));
    expect(memory.addPage(1, 4, page.memory)).toBe(page);
  });
});
