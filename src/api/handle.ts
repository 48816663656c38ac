// Chapter "handle" of rdkafka.h: making, naming and ending a client, and serving its callbacks. @thread app

import { closeSteps, destroy as destroyNow } from '../app/close.ts';
import type { Handle } from '../app/handle.ts';
import { openHandle } from '../app/open.ts';
import { pollSteps } from '../app/queue_poll.ts';
import { setLastError } from '../app/registry.ts';
import type { Conf } from '../conf/conf.ts';
import {
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  type rd_kafka_type_t,
} from '../defs/enums.ts';
import { KafkaError } from '../defs/kafka_error.ts';
import { type Out, out } from '../defs/out.ts';
import type { rd_kafka_conf_t, rd_kafka_t } from '../defs/types.ts';
import { checkBrandOrNull, checkInt, checkInt32, checkOut, checkString } from '../rd/check.ts';
import { block, checkHandle, checkSignal, checkTimeout, promise, type TwinOptions } from './check_handle.ts';

/**
 * rd_kafka_new: a producer or consumer. Checks the configuration here, starts its threads and returns without waiting
 * for them or for any broker; what goes wrong with those comes as an error event (error_cb) later. On success `conf` is
 * taken over and can't be used any more. `null`: the configuration does not hold, `errstr` and last_error() say why, and
 * `conf` is still yours. The handle belongs to this JavaScript thread and wants `destroy`.
 */
export function new_(
  type: rd_kafka_type_t,
  conf: rd_kafka_conf_t | null,
  errstr?: Out<string> | null,
): rd_kafka_t | null {
  checkInt('new', 'type', type, RD_KAFKA_PRODUCER, RD_KAFKA_CONSUMER);
  const own = checkBrandOrNull<Conf>('new', 'conf', conf, 'rd_kafka_conf_t');
  return openHandle(type, own, checkOut('new', 'errstr', errstr));
}

/** `new` as a promise: rejects with a KafkaError in place of null. It has nothing to wait for; for completeness. */
export async function new_async(
  type: rd_kafka_type_t,
  conf: rd_kafka_conf_t | null,
  o?: TwinOptions,
): Promise<rd_kafka_t> {
  checkSignal('new_async', o);
  const errstr = out<string>('');
  const rk = new_(type, conf, errstr);
  if (rk === null) throw new KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, errstr.value ?? '');
  return rk;
}

/**
 * rd_kafka_destroy: ends the handle. A group consumer leaves its group first (at most 5 s); messages that are not
 * delivered are reported as _PURGE_QUEUE or _PURGE_INFLIGHT before it returns (librdkafka drops them); then threads and
 * sockets are closed (about 1 s at most). Blocks for that long; inside a callback it takes effect when the outermost
 * call returns. Using the handle afterwards throws.
 */
export function destroy(rk: rd_kafka_t): void {
  destroyNow(checkHandle('destroy', rk), 0);
}

/** `destroy` as a promise, without blocking the event loop. */
export async function destroy_async(rk: rd_kafka_t, o?: TwinOptions): Promise<void> {
  return endAsync('destroy_async', checkHandle('destroy', rk), 0, o);
}

/** rd_kafka_destroy_flags: `destroy`; with RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE a consumer does not leave its group. */
export function destroy_flags(rk: rd_kafka_t, flags: number): void {
  destroyNow(checkHandle('destroy_flags', rk), checkInt32('destroy_flags', 'flags', flags));
}

/** `destroy_flags` as a promise. */
export async function destroy_flags_async(rk: rd_kafka_t, flags: number, o?: TwinOptions): Promise<void> {
  const handle = checkHandle('destroy_flags', rk);
  return endAsync('destroy_flags_async', handle, checkInt32('destroy_flags', 'flags', flags), o);
}

async function endAsync(fn: string, rk: Handle, flags: number, o?: TwinOptions): Promise<void> {
  await promise(fn, rk, closeSteps(rk, flags), o);
}

/** rd_kafka_name: `<client.id>#producer-<n>` or `...#consumer-<n>`. Never blocks. */
export function name(rk: rd_kafka_t): string {
  return checkHandle('name', rk).name;
}

/** rd_kafka_type: RD_KAFKA_PRODUCER or RD_KAFKA_CONSUMER. Never blocks. */
export function type(rk: rd_kafka_t): rd_kafka_type_t {
  return checkHandle('type', rk).producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
}

/** rd_kafka_opaque: what conf_set_opaque was given. Never blocks. */
export function opaque(rk: rd_kafka_t): any {
  return checkHandle('opaque', rk).callbacks.conf.opaque;
}

/** rd_kafka_conf: the configuration in effect, adjustments included; read-only, and the handle's. Never blocks. */
export function conf(rk: rd_kafka_t): rd_kafka_conf_t {
  return checkHandle('conf', rk).conf as unknown as rd_kafka_conf_t;
}

/**
 * rd_kafka_memberid: the group member id; null without group.id. '' before the first join, but with
 * group.protocol=consumer, where members name themselves. Never blocks.
 */
export function memberid(rk: rd_kafka_t): string | null {
  const { consumer, thread } = checkHandle('memberid', rk);
  thread.drain();
  return consumer === null ? null : consumer.memberId;
}

/** `memberid` as a promise. */
export async function memberid_async(rk: rd_kafka_t, o?: TwinOptions): Promise<string | null> {
  checkSignal('memberid_async', o);
  return memberid(rk);
}

/** Main gets so long to say what it knows. */
const CLUSTER_GRACE_MS = 500;

function* clusterSteps(
  rk: Handle,
  what: string,
  timeoutMs: number,
): Generator<{ timeoutMs: number; ready: () => boolean }, any, boolean> {
  const call = rk.requests.start(what, timeoutMs, [], -195);
  // Main ends the call in time; with timeout 0 it answers from what it has.
  yield { timeoutMs: timeoutMs < 0 ? -1 : timeoutMs + CLUSTER_GRACE_MS, ready: () => rk.requests.answered(call) };
  const answer = rk.requests.take(call);
  return answer === null || answer.err !== 0 ? null : answer.value;
}

/**
 * rd_kafka_clusterid: the cluster's id as metadata named it. Waits up to `timeout_ms` (negative: for ever) for the first
 * metadata; null when none came in time or it named none.
 */
export function clusterid(rk: rd_kafka_t, timeout_ms: number): string | null {
  const handle = checkHandle('clusterid', rk);
  return block(handle, clusterSteps(handle, 'clusterid', checkTimeout('clusterid', timeout_ms)));
}

/** `clusterid` as a promise. */
export async function clusterid_async(
  rk: rd_kafka_t,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<string | null> {
  const handle = checkHandle('clusterid', rk);
  return promise(
    'clusterid_async',
    handle,
    clusterSteps(handle, 'clusterid', checkTimeout('clusterid', timeout_ms)),
    o,
  );
}

/** rd_kafka_controllerid: the controller's node id; -1 when it is not known within `timeout_ms`. Blocks like clusterid. */
export function controllerid(rk: rd_kafka_t, timeout_ms: number): number {
  const handle = checkHandle('controllerid', rk);
  return block(handle, clusterSteps(handle, 'controllerid', checkTimeout('controllerid', timeout_ms))) ?? -1;
}

/** `controllerid` as a promise. */
export async function controllerid_async(rk: rd_kafka_t, timeout_ms: number = -1, o?: TwinOptions): Promise<number> {
  const handle = checkHandle('controllerid', rk);
  const steps = clusterSteps(handle, 'controllerid', checkTimeout('controllerid', timeout_ms));
  return (await promise('controllerid_async', handle, steps, o)) ?? -1;
}

/**
 * rd_kafka_poll: runs the callbacks that wait (delivery reports, errors, commit results, logs), on this thread. Waits up
 * to `timeout_ms` for the first one; 0 does not wait, negative waits for ever. Returns how many ran. What a callback
 * throws is thrown here, after its bookkeeping; the rest stays queued.
 */
export function poll(rk: rd_kafka_t, timeout_ms: number): number {
  const handle = checkHandle('poll', rk);
  checkTimeout('poll', timeout_ms);
  if (timeout_ms === 0) {
    // The hot form: nothing is allocated when nothing happened.
    handle.thread.drain();
    if (!handle.queue.ready && !handle.thread.signalled) return 0;
  }
  setLastError(0);
  return block(handle, pollSteps(handle, timeout_ms));
}

/** `poll` as a promise: callbacks run from the event loop while it is pending. */
export async function poll_async(rk: rd_kafka_t, timeout_ms: number = -1, o?: TwinOptions): Promise<number> {
  const handle = checkHandle('poll', rk);
  return promise('poll_async', handle, pollSteps(handle, checkTimeout('poll', timeout_ms)), o);
}

/** rd_kafka_yield: called in a callback, the poll that serves it returns after it. Never blocks. */
export function yield_(rk: rd_kafka_t): void {
  checkHandle('yield_', rk).yielded = true;
}

/** rd_kafka_fatal_error: the code of the first fatal error, 0 for none; its text goes into `errstr`. Never blocks. */
export function fatal_error(rk: rd_kafka_t, errstr?: Out<string> | null): number {
  const handle = checkHandle('fatal_error', rk);
  const target = checkOut('fatal_error', 'errstr', errstr);
  handle.thread.drain();
  const { fatal } = handle;
  if (fatal === null) return 0;
  if (target !== null) target.value = fatal.text;
  return fatal.err;
}

/**
 * rd_kafka_test_fatal_error: raises a fatal error by hand, to test how a program takes one. 0; _PREV_IN_PROGRESS when
 * there is one already. Never blocks.
 */
export function test_fatal_error(rk: rd_kafka_t, err: number, reason: string): number {
  const handle = checkHandle('test_fatal_error', rk);
  checkInt32('test_fatal_error', 'err', err);
  checkString('test_fatal_error', 'reason', reason);
  if (handle.fatal !== null) return -177;
  handle.setFatal(err, `test_fatal_error: ${reason}`);
  return 0;
}
