import { expect, test } from 'vitest';
import { DebugRing } from '../../kit/debug_ring.ts';

test('a ring gives its lines from the oldest on', () => {
  const ring = new DebugRing();
  for (const line of ['a', 'b', 'c']) ring.add(line);

  expect(ring.text()).toBe('a\nb\nc');
});

test('a ring that is full keeps the last lines and says how many are gone', () => {
  const ring = new DebugRing();
  for (let i = 0; i < 405; i++) ring.add(`line ${i}`);

  const lines = ring.text().split('\n');

  expect(lines.length).toBe(401);
  expect([lines[0], lines[1], lines.at(-1)]).toEqual(['(5 older lines)', 'line 5', 'line 404']);
});
