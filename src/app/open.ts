// rd_kafka_new: checks the configuration here, starts (or joins) a main worker, and returns without waiting.
// @thread app

import { MessageChannel } from 'node:worker_threads';
import { type Conf, Conf as ConfClass, markTakenOver } from '../conf/conf.ts';
import { finalize } from '../conf/finalize.ts';
import * as E from '../defs/enums.ts';
import type { Out } from '../defs/out.ts';
import { Channel } from '../ops/channel.ts';
import type { AppToMainOp, MainToAppOp } from '../ops/ops.ts';
import { installClose } from './close.ts';
import { CLOSE_MS, closeAsync } from './close_async.ts';
import { watchExit } from './exit.ts';
import { Handle } from './handle.ts';
import { Mains } from './mains.ts';
import { openTestMock } from './mock_control.ts';
import type { ConsumerHooks } from './rebalances.ts';
import { nextInstance, registry, setLastError } from './registry.ts';
import { appThread } from './thread.ts';

const LOG_WARNING = 4;
const LOG_NOTICE = 5;

/** What only the promise layer gives. */
export interface OpenOptions {
  readonly hooks: ConsumerHooks | null;
  readonly workerUrl: string | null;
}

const NO_OPTIONS: OpenOptions = { hooks: null, workerUrl: null };

/** null, `errstr` and last_error() when the configuration does not hold; the conf then stays the caller's. */
export function openHandle(
  type: number,
  conf: Conf | null,
  errstr: Out<string> | null,
  { hooks, workerUrl }: OpenOptions = NO_OPTIONS,
): Handle | null {
  const producer = type === E.RD_KAFKA_PRODUCER;
  const finished = finalize(conf ?? new ConfClass(), producer ? 'producer' : 'consumer');
  if ('errstr' in finished) {
    if (errstr !== null) errstr.value = finished.errstr;
    setLastError(finished.code, 22);
    return null;
  }
  const thread = appThread();
  const number = nextInstance();
  const rk = new Handle(thread, {
    id: number,
    name: `${finished.settings['client.id']}#${producer ? 'producer' : 'consumer'}-${number}`,
    producer,
    settings: finished.settings,
    topicSettings: finished.topic,
    topicCallbacks: finished.topicCallbacks,
    callbacks: finished.callbacks,
    conf: finished.conf,
    workerUrl,
  });
  if (rk.consuming !== null) rk.consuming.rebalances.hooks = hooks;
  connect(rk);
  if (conf !== null) markTakenOver(conf, 'rd_kafka_new');
  installClose(rk);
  rk.callbacks.closeHandle = () => closeAsync(rk, CLOSE_MS);
  registry().handles.add(rk);
  for (const text of finished.warnings) rk.logs.add(LOG_WARNING, 'CONFWARN', text);
  for (const text of finished.notices) rk.logs.add(LOG_NOTICE, 'CONFWARN', text);
  if (finished.settings['test.mock.num.brokers'] > 0) openTestMock(rk);
  return rk;
}

function connect(rk: Handle): void {
  const { thread } = rk;
  if (thread.mains === null) {
    thread.mains = new Mains(thread);
    watchExit(thread);
  }
  const main = thread.mains.place(rk, rk.workerUrl);
  const { port1, port2 } = new MessageChannel();
  const channel = new Channel<AppToMainOp>(port1, main.page);
  rk.attach(
    main,
    channel,
    thread.reader<MainToAppOp>(
      port1,
      (op) => rk.routeMain(op),
      () => rk.mainDied(),
    ),
  );
  thread.members.add(rk);
  const { conf } = rk.callbacks;
  const mocked = rk.settings['test.mock.num.brokers'] > 0;
  main.root.post(
    {
      type: 'open_handle',
      handle: rk.id,
      name: rk.name,
      producer: rk.producer,
      settings: mocked ? { ...rk.settings, 'metadata.broker.list': '' } : rk.settings,
      topicSettings: rk.topicSettings,
      head: rk.memory.head.buffer as unknown as SharedArrayBuffer,
      appPage: thread.page.buffer as unknown as SharedArrayBuffer,
      port: port2,
      startedAt: rk.startedAt,
      debug: rk.settings.debug,
      hooks: {
        rebalance:
          conf.rebalance_cb !== null ||
          rk.consuming?.rebalances.hooks != null ||
          (rk.settings.enabled_events & E.RD_KAFKA_EVENT_REBALANCE) !== 0,
        offsetCommit:
          conf.offset_commit_cb !== null || (rk.settings.enabled_events & E.RD_KAFKA_EVENT_OFFSET_COMMIT) !== 0,
        throttle: conf.throttle_cb !== null,
      },
      maxWorkers: thread.maxWorkers,
      memberId: rk.consumer?.memberId ?? '',
    },
    [port2],
  );
}
