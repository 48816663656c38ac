import { describe, expect, test } from 'vitest';
import { Cell, HANDED } from '../../../src/ops/cells.ts';
import { blockId } from '../../../src/ops/ids.ts';
import { ControlPage, PAGE_BYTES } from '../../../src/ops/memory.ts';
import { PARTITION_WORDS } from '../../../src/ops/partitions.ts';

function aCell(position: number): { app: Cell; main: Cell; page: ControlPage } {
  const page = new ControlPage(new SharedArrayBuffer(PAGE_BYTES));
  page.words.fill(-1);
  const id = blockId(0, 3, 7);
  const cell = new Cell(id, page);
  cell.init(position);
  return { app: cell, main: new Cell(id, page), page };
}

describe('a cell', () => {
  test('starts at the position that it was made with, and open', () => {
    const { main } = aCell(1000);
    expect([main.position, main.closed]).toEqual([1000, false]);
  });

  test('shows what was handed out last', () => {
    const { app, main } = aCell(0);
    for (const next of [5, 9, 2 ** 52 + 1]) {
      expect(app.advance(next, 7)).toBe(true);
      expect(main.handedOut).toEqual({ offset: next, leaderEpoch: 7 });
    }
  });

  test('that is closed refuses what would be handed out, and keeps the last position', () => {
    const { app, main } = aCell(0);
    app.advance(5, 1);
    app.store(4, 1);
    main.close();

    expect([app.advance(6, 1), app.store(6, 1), app.closed]).toEqual([false, false, true]);
    expect([main.position, main.stored.offset]).toEqual([5, 4]);
  });

  test.each([0, 1, 2, 3])('closed between the write and the swap of hand-out %i keeps that record back', (before) => {
    const { app, main, page } = aCell(100);
    for (let i = 1; i <= before; i++) app.advance(100 + i, 0);
    // What `advance` does up to its swap, and main in between.
    const handed = Atomics.load(page.words, app.base + HANDED);
    page.doubles[app.doubleBase + 4 + ((handed ^ 1) & 1)] = 999;

    main.close();
    expect([app.advance(999, 0), main.position]).toEqual([false, 100 + before]);
  });

  test('stores an offset beside the position, each with its epoch', () => {
    const { app, main } = aCell(-1001);
    app.advance(9, 3);
    app.store(7, 2);
    app.store(8, 3);
    app.advance(10, 4);

    expect(main.handedOut).toEqual({ offset: 10, leaderEpoch: 4 });
    expect(main.stored).toEqual({ offset: 8, leaderEpoch: 3 });
  });

  test('that is fresh has stored nothing', () => {
    const { main } = aCell(-1001);
    expect(main.stored).toEqual({ offset: -1001, leaderEpoch: -1 });
  });

  test('touches no word of its neighbours', () => {
    const { app, main, page } = aCell(3);
    app.advance(4, 1);
    app.store(4, 1);
    main.close();
    const { base } = app;
    expect([page.words[base - 1], page.words[base + PARTITION_WORDS]]).toEqual([-1, -1]);
  });
});
