// A binary heap by number, from which an entry can be taken anywhere: deadlines that are mostly met. @thread any

/** What the heap orders. All fields are the heap's while the entry is in it. */
export interface HeapEntry {
  /** The smaller comes first. Set before adding; change it only by `move`. */
  at: number;
  /** Where the entry is: -1 outside. */
  heapIndex: number;
  /** Of two with the same `at`, the one that was added first comes first. */
  heapOrder: number;
}

export class Heap<T extends HeapEntry> {
  private readonly items: T[];
  private added: number;

  constructor() {
    this.items = [];
    this.added = 0;
  }

  get size(): number {
    return this.items.length;
  }

  /** The entry with the smallest `at`, or undefined. */
  peek(): T | undefined {
    return this.items[0];
  }

  /** Adds an entry that is in no heap. */
  add(entry: T): void {
    entry.heapIndex = this.items.length;
    entry.heapOrder = this.added++;
    this.items.push(entry);
    this.up(entry);
  }

  /** Takes the entry out; one that is outside is left alone. Gives whether it was in. */
  remove(entry: T): boolean {
    const index = entry.heapIndex;
    if (index < 0 || this.items[index] !== entry) return false;
    entry.heapIndex = -1;
    const last = this.items.pop() as T;
    if (last === entry) return true;
    this.items[index] = last;
    last.heapIndex = index;
    this.up(last);
    this.down(last);
    return true;
  }

  /** Changes the entry's number, and adds it if it was outside. */
  move(entry: T, at: number): void {
    this.remove(entry);
    entry.at = at;
    this.add(entry);
  }

  /** Takes the first entry, or gives undefined. */
  shift(): T | undefined {
    const first = this.items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  private up(entry: T): void {
    while (entry.heapIndex > 0) {
      const parent = this.items[(entry.heapIndex - 1) >> 1] as T;
      if (!before(entry, parent)) return;
      this.swap(parent, entry);
    }
  }

  private down(entry: T): void {
    for (;;) {
      const left = this.items[2 * entry.heapIndex + 1];
      const right = this.items[2 * entry.heapIndex + 2];
      const smaller = right !== undefined && left !== undefined && before(right, left) ? right : left;
      if (smaller === undefined || !before(smaller, entry)) return;
      this.swap(entry, smaller);
    }
  }

  /** `above` is the parent of `below`. */
  private swap(above: T, below: T): void {
    const index = above.heapIndex;
    this.items[below.heapIndex] = above;
    this.items[index] = below;
    above.heapIndex = below.heapIndex;
    below.heapIndex = index;
  }
}

function before(a: HeapEntry, b: HeapEntry): boolean {
  return a.at < b.at || (a.at === b.at && a.heapOrder < b.heapOrder);
}
