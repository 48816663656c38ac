// The assignors by name. @thread main
import type { Assignor } from './assignor.ts';
import { cooperativeSticky } from './cooperative_sticky.ts';
import { range } from './range.ts';
import { roundrobin } from './roundrobin.ts';

const ASSIGNORS: readonly Assignor[] = [range, roundrobin, cooperativeSticky];

/**
 * The assignors of a partition.assignment.strategy, the preferred one first. Names that there is no assignor for are
 * left out: conf refuses or warns about them.
 */
export function assignorsOf(strategy: string): readonly Assignor[] {
  const names = strategy.split(',').map((name) => name.trim());
  return names.flatMap((name) => ASSIGNORS.filter((assignor) => assignor.name === name));
}
