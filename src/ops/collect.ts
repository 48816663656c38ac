// Collects garbage by hand: V8 doesn't count shared memory, so a worker that has little else to do would hold on to
// dropped slabs for good (memory.md, part 2, 11).
// @thread main, broker

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A full collection of this thread, some 5 ms when it holds little. */
export function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // Flags are the whole process's: contexts that others make shall not have it.
  setFlagsFromString('--no-expose-gc');
  gc();
}
