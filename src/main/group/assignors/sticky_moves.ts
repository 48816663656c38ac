// What the sticky assignor has moved from whom to whom, so that two members never exchange partitions of one topic.
// @thread main
import { HashOrder, partitionHash, textHash } from './java_order.ts';
import type { StickyLayout } from './sticky_layout.ts';

interface Move {
  readonly from: number;
  readonly to: number;
}

export class Moves {
  private readonly layout: StickyLayout;
  private readonly moved: Map<number, Move> = new Map();
  /** Moved partitions by topic and by the two members. */
  private readonly byPair: Map<string, HashOrder<number>> = new Map();

  constructor(layout: StickyLayout) {
    this.layout = layout;
  }

  /**
   * The partition to take in place of `partition`, which is to go from `from` to `to`: one of the topic that has gone the
   * other way before, if there is any.
   */
  instead(partition: number, from: number, to: number): number {
    const origin = this.moved.get(partition)?.from ?? from;
    const back = this.byPair.get(this.key(partition, { from: to, to: origin }));
    return back?.first() ?? partition;
  }

  add(partition: number, from: number, to: number): void {
    const before = this.moved.get(partition);
    if (before !== undefined) this.forget(partition, before);
    const origin = before?.from ?? from;
    // It is back where it was.
    if (before !== undefined && origin === to) return;
    const move = { from: origin, to };
    this.moved.set(partition, move);
    const key = this.key(partition, move);
    let same = this.byPair.get(key);
    if (same === undefined) {
      same = new HashOrder();
      this.byPair.set(key, same);
    }
    const topic = this.layout.topics[this.layout.topicOf[partition]!]!;
    same.add(partition, partitionHash(textHash(topic.name), partition - topic.first));
  }

  private forget(partition: number, move: Move): void {
    this.moved.delete(partition);
    const key = this.key(partition, move);
    const same = this.byPair.get(key)!;
    same.delete(partition);
    if (same.size === 0) this.byPair.delete(key);
  }

  private key(partition: number, { from, to }: Move): string {
    return `${this.layout.topicOf[partition]} ${from} ${to}`;
  }
}
