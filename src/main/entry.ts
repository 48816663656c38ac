// Where a main worker starts: handles come by its root port; it beats its heart and ends with its last handle.
// @thread main

import type { RootOp } from '../ops/ops.ts';
import { PortReader } from '../ops/port_reader.ts';
import type { WorkerStart } from '../ops/spawn.ts';
import { HEARTBEAT, threadPage } from '../ops/thread_page.ts';
import { WorkerLoop } from '../ops/worker_loop.ts';
import { systemClock } from '../rd/clock.ts';
import { MainHandle } from './handle.ts';
import { Family } from './workers.ts';

const BEAT_MS = 250;

export function enterMain(start: WorkerStart): void {
  const page = threadPage(start.page);
  const loop = new WorkerLoop(page, systemClock);
  const family = new Family(start.code, page);
  const root: PortReader<RootOp> = new PortReader(
    start.root,
    (op) => {
      if (op.type === 'adopt') family.adopt(op);
      else if (op.type === 'open_handle') loop.add(new MainHandle(op, loop, family, page, () => {}));
    },
    () => loop.soon(),
    // The app thread is gone; handles have been told by their own ports.
    () => loop.soon(),
  );
  let beatAt = 0;
  loop.add({
    drain: () => void root.drain(),
    serve: (now) => {
      if (now >= beatAt) {
        Atomics.add(page, HEARTBEAT, 1);
        beatAt = now + BEAT_MS;
      }
      return beatAt;
    },
  });
  loop.start();
}
