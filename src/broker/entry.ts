// Where an I/O worker starts: it hosts handles as main tells it to, and ends when main closes its root port.
// @thread broker

import type { RootOp } from '../ops/ops.ts';
import { PortReader } from '../ops/port_reader.ts';
import type { WorkerStart } from '../ops/spawn.ts';
import { threadPage } from '../ops/thread_page.ts';
import { WorkerLoop } from '../ops/worker_loop.ts';
import { systemClock } from '../rd/clock.ts';
import { HostedHandle } from './handle.ts';

export function enterBroker(start: WorkerStart): void {
  const loop = new WorkerLoop(threadPage(start.page), systemClock);
  const root: PortReader<RootOp> = new PortReader(
    start.root,
    (op) => {
      if (op.type === 'join_handle') loop.add(new HostedHandle(op, loop, () => {}));
    },
    () => loop.soon(),
    // Main is gone: so are its children.
    () => process.exit(0),
  );
  loop.add({
    drain: () => void root.drain(),
    serve: () => Number.POSITIVE_INFINITY,
  });
  loop.start();
}
