// The expected orders are what java.util.HashSet of a JDK 17 gives.
import { describe, expect, test } from 'vitest';
import { HashOrder, partitionHash, textHash } from '../../../../../src/main/group/assignors/java_order.ts';

function orderOf(...keys: string[]): HashOrder<string> {
  const order = new HashOrder<string>();
  for (const key of keys) order.add(key, textHash(key));
  return order;
}

/** Texts that all have the same hash. */
function alike(count: number): string[] {
  return Array.from({ length: count }, (_, i) => [8, 4, 2, 1].map((bit) => ((i & bit) === 0 ? 'Aa' : 'BB')).join(''));
}

const before = [0, 7, 14, 21, 28, 35].map((n) => `m${n}`);
const behind = ['zz1', 'zz8', 'zz27'];

test('hashes are those of Java', () => {
  expect(['größe', 'consumer-1-5f0c', ''].map(textHash)).toEqual([98762257, 332978839, 0]);
  expect(partitionHash(textHash('orders'), 7)).toBe(-1008769153);
  expect(partitionHash(textHash('t'), 0)).toBe(1077);
});

describe('a table', () => {
  test('keeps eight keys of one hash in the order in which they came', () => {
    const order = orderOf(...before, ...alike(8), ...behind).all();

    expect(order.join(' ')).toBe(
      'm0 AaAaAaAa AaAaAaBB AaAaBBAa AaAaBBBB AaBBAaAa AaBBAaBB AaBBBBAa AaBBBBBB m7 m21 m35 zz1 m14 m28 zz8 zz27',
    );
  });

  test('grows with the ninth key of one hash', () => {
    const order = orderOf(...before, ...alike(9), ...behind).all();

    expect(order.join(' ')).toBe(
      'AaAaAaAa AaAaAaBB AaAaBBAa AaAaBBBB AaBBAaAa AaBBAaBB AaBBBBAa AaBBBBBB BBAaAaAa m35 m14 m0 m7 m21 zz1 m28 zz8 zz27',
    );
  });

  test('does not shrink when keys go', () => {
    const keys = Array.from({ length: 30 }, (_, i) => `member-${i * 37}`);
    const order = orderOf(...keys);

    for (const key of keys.slice(0, 28)) order.delete(key);
    order.add('member-5', textHash('member-5'));

    expect(order.all()).toEqual(['member-5', 'member-1036', 'member-1073']);
    expect(order.first()).toBe('member-5');
    expect(order.size).toBe(3);
  });

  test('takes a key once', () => {
    const order = orderOf('a', 'b', 'a');

    expect(order.all()).toEqual(['a', 'b']);
  });
});
