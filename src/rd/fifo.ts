// A queue: in at the back, out at the front, both in constant time. @thread any

const SMALLEST = 16;

/**
 * A ring over an array whose length is a power of two:
 *
 *     items:  [ .  .  a  b  c  .  .  . ]     head = 2, count = 3, the next one goes to (head + count) & mask
 *
 * It doubles when full and never shrinks, but keeps no reference to what was taken out.
 */
export class Fifo<T> {
  private items: (T | undefined)[];
  private head: number;
  private count: number;

  constructor() {
    this.items = new Array(SMALLEST).fill(undefined);
    this.head = 0;
    this.count = 0;
  }

  get size(): number {
    return this.count;
  }

  push(item: T): void {
    if (this.count === this.items.length) this.grow();
    this.items[(this.head + this.count) & (this.items.length - 1)] = item;
    this.count++;
  }

  /** The front, or undefined if empty; it stays where it is. */
  peek(): T | undefined {
    return this.items[this.head];
  }

  /** Takes the front, or gives undefined if empty. */
  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.items[this.head];
    this.items[this.head] = undefined;
    this.head = (this.head + 1) & (this.items.length - 1);
    this.count--;
    return item;
  }

  /** The `index`-th from the front, 0 to size - 1. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.count) return undefined;
    return this.items[(this.head + index) & (this.items.length - 1)];
  }

  /** From the front on. */
  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.count; i++) yield this.at(i) as T;
  }

  /** Takes out all that `gone` says true to and gives them in order; the others keep their order. Linear. */
  remove(gone: (item: T) => boolean): T[] {
    const removed: T[] = [];
    const kept: T[] = [];
    while (this.count > 0) {
      const item = this.shift() as T;
      (gone(item) ? removed : kept).push(item);
    }
    for (const item of kept) this.push(item);
    return removed;
  }

  private grow(): void {
    const bigger: (T | undefined)[] = new Array(this.items.length * 2).fill(undefined);
    for (let i = 0; i < this.count; i++) bigger[i] = this.at(i);
    this.items = bigger;
    this.head = 0;
  }
}
