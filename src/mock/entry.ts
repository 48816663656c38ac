// Where the mock worker starts: clusters come by its root port, each with a channel of its own for its commands.
// @thread mock

import { Channel } from '../ops/channel.ts';
import type { MockCallOp, MockOpenOp, MockToAppOp, RootOp } from '../ops/ops.ts';
import { PortReader } from '../ops/port_reader.ts';
import type { WorkerStart } from '../ops/spawn.ts';
import { threadPage } from '../ops/thread_page.ts';
import { WorkerLoop } from '../ops/worker_loop.ts';
import { systemClock } from '../rd/clock.ts';
import { MockCluster } from './cluster.ts';
import { COMMANDS } from './commands.ts';
import { TESTING_COMMANDS, WAIT_COMMANDS } from './testing_commands.ts';

type Command = (cluster: MockCluster, ...args: any[]) => unknown;
type Named = Readonly<Record<string, Command | undefined>>;

const IN_TURN: Named = { ...COMMANDS, ...TESTING_COMMANDS };
const BESIDE: Named = WAIT_COMMANDS;

const INVALID_ARG = -186;
const FAIL = -196;
const DEBUG = 7;

export function enterMock(start: WorkerStart): void {
  const loop = new WorkerLoop(threadPage(start.page), systemClock);
  const root: PortReader<RootOp> = new PortReader(
    start.root,
    (op) => {
      if (op.type === 'mock_open') open(op, loop);
    },
    () => {},
    () => process.exit(0),
  );
  loop.add({ drain: () => void root.drain(), serve: () => Number.POSITIVE_INFINITY });
  loop.start();
}

function open(op: MockOpenOp, loop: WorkerLoop): void {
  const channel = new Channel<MockToAppOp>(op.port, threadPage(op.appPage));
  const cluster = new MockCluster({
    ...op.options,
    clock: systemClock,
    log: (level, fac, text) => {
      if (level < DEBUG || op.debug) channel.post({ type: 'log', level, fac, thread: 'mock', text });
    },
  });
  const answer = (call: number, err: number, text: string, value: unknown): void => {
    channel.post({ type: 'reply', call, err, text, value });
  };
  let gone = false;
  const end = (): void => {
    if (gone) return;
    gone = true;
    loop.remove(task);
    void cluster.close().then(() => reader.close());
  };
  // Commands run one after the other, as they were posted.
  let last: Promise<void> = cluster.start().then(
    () => answer(0, 0, '', cluster.bootstraps()),
    (error: Error) => answer(0, FAIL, error.message, null),
  );
  const run = (call: MockCallOp): void => {
    const failed = (error: Error): void =>
      answer(call.call, error.name === 'Refused' ? INVALID_ARG : FAIL, error.message, null);
    last = last
      .then(async () => {
        if (call.command === 'close') {
          await cluster.close();
          answer(call.call, 0, '', null);
          end();
          return;
        }
        const waiting = BESIDE[call.command];
        if (waiting !== undefined) {
          // It begins in its turn, and others go on while it waits.
          Promise.resolve(waiting(cluster, ...call.args)).then((value) => answer(call.call, 0, '', value), failed);
          return;
        }
        const command = IN_TURN[call.command];
        if (command === undefined) answer(call.call, INVALID_ARG, `no command ${call.command}`, null);
        else answer(call.call, 0, '', await command(cluster, ...call.args));
        cluster.waits.touched();
      })
      .catch(failed);
  };
  const reader = new PortReader<MockCallOp>(op.port, run, () => {}, end);
  const task = { drain: () => void reader.drain(), serve: () => Number.POSITIVE_INFINITY };
  loop.add(task);
}
