// Chapter "misc" of rdkafka.h: brokers added by hand, queue lengths, the dump, threads, the self-check. @thread app
import { dumpText, type MainDump } from '../app/dump.ts';
import type { Handle } from '../app/handle.ts';
import { printLine } from '../app/log.ts';
import { localSteps } from '../app/metadata.ts';
import { selfCheck } from '../app/self_check.ts';
import { outqLen } from '../app/serve.ts';
import { run, runAsync } from '../app/steps.ts';
import { appThread } from '../app/thread.ts';
import { destroyedSteps, threadCount } from '../app/threads.ts';
import { parseBrokerList } from '../defs/broker_list.ts';
import { RD_KAFKA_RESP_ERR__TIMED_OUT } from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { rd_kafka_t } from '../defs/types.ts';
import { checkBrandOrNull, checkString, typeError } from '../rd/check.ts';
import { block, checkHandle, checkSignal, checkTimeout, type TwinOptions } from './check_handle.ts';

const ERR = 3;

/**
 * rd_kafka_brokers_add, deprecated (use `bootstrap.servers`): more servers to begin with, `host[:port]` with commas
 * between. Returns how many were read, those that were there already included; reading stops at the first that is
 * malformed or names another protocol than `security.protocol`, with a warning in the log. Never blocks.
 */
export function brokers_add(rk: rd_kafka_t, brokerlist: string): number {
  const handle = checkHandle('brokers_add', rk);
  checkString('brokers_add', 'brokerlist', brokerlist);
  const { brokers, bad } = parseBrokerList(brokerlist);
  // Main says what is wrong with the bad one.
  if (brokers.length > 0 || bad !== null) handle.toMain({ type: 'brokers_add', brokers: brokerlist });
  return brokers.length;
}

/**
 * rd_kafka_brokers_learned_ids: the ids of the brokers that the cluster named, ascending; those of `bootstrap.servers`
 * that it has not named are not among them. Asks the handle's main thread, so it takes about a millisecond (at most
 * 2 s, then `[]`), and no broker.
 */
export function brokers_learned_ids(rk: rd_kafka_t): number[] {
  const handle = checkHandle('brokers_learned_ids', rk);
  return block(handle, localSteps<number[]>(handle, 'learned_ids')) ?? [];
}

/**
 * rd_kafka_outq_len: messages that are not delivered or whose report is not served yet, and whatever else waits for
 * poll. Reports that nobody hears (no dr_cb, no dr_msg_cb) don't count. Never blocks.
 */
export function outq_len(rk: rd_kafka_t): number {
  return outqLen(checkHandle('outq_len', rk));
}

/**
 * rd_kafka_dump: writes what the handle is about, for people: brokers, connections, topics, partitions with leaders and
 * queue lengths, the group. The form may change. `fp` is anything with `write(text)`, which is called once; `rk` null
 * writes nothing. Asks the handle's main thread for its part (at most 2 s, about a millisecond usually).
 */
export function dump(fp: { write(text: string): unknown }, rk: rd_kafka_t | null): void {
  if (fp === null || typeof fp !== 'object' || typeof fp.write !== 'function')
    throw typeError('dump', 'fp', 'an object with a function write', fp);
  const handle = checkBrandOrNull<Handle>('dump', 'rk', rk, 'rd_kafka_t');
  if (handle === null) return;
  fp.write(dumpText(handle, block(handle, localSteps<MainDump>(handle, 'dump'))));
}

/** rd_kafka_thread_cnt: how many threads of this library serve this JavaScript thread, mock clusters' included. */
export function thread_cnt(): number {
  return threadCount();
}

/**
 * rd_kafka_wait_destroyed, deprecated (destroy waits by itself): blocks until this JavaScript thread has no handle and no
 * mock cluster any more, up to `timeout_ms` (negative: for ever). 0, or -1 with last_error() _TIMED_OUT. While it blocks
 * nobody can destroy anything, so it answers what is so already.
 */
export function wait_destroyed(timeout_ms: number): number {
  return run(appThread(), destroyedSteps(checkTimeout('wait_destroyed', timeout_ms)));
}

/** `wait_destroyed` as a promise: rejects with _TIMED_OUT. */
export async function wait_destroyed_async(timeout_ms: number = -1, o?: TwinOptions): Promise<void> {
  const steps = destroyedSteps(checkTimeout('wait_destroyed', timeout_ms));
  const signal = checkSignal('wait_destroyed_async', o);
  if ((await runAsync(appThread(), null, steps, signal)) !== 0) throw kafkaErrorOf(RD_KAFKA_RESP_ERR__TIMED_OUT);
}

/**
 * rd_kafka_unittest: a short self-check of checksums, hashes, varints and records against known answers. Returns how
 * many failed (0: all is well); each is a line on stderr. Takes milliseconds and needs no broker.
 */
export function unittest(): number {
  return selfCheck((text) => printLine(ERR, 'UNITTEST', 'rdkafka', text));
}

/** `unittest` as a promise of the same number. */
export async function unittest_async(o?: TwinOptions): Promise<number> {
  checkSignal('unittest_async', o);
  return unittest();
}
