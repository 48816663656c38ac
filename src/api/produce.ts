// Chapter "produce" of rdkafka.h: messages in, flushed, purged. @thread app
import { constants } from 'node:os';
import type { Handle } from '../app/handle.ts';
import { enqueue } from '../app/produce.ts';
import { setLastError } from '../app/registry.ts';
import { dropReports, flushSteps, purgeSteps, roomSteps } from '../app/serve.ts';
import { run, serveSignals } from '../app/steps.ts';
import { Topic } from '../app/topic.ts';
import {
  RD_KAFKA_MSG_F_BLOCK,
  RD_KAFKA_MSG_F_PARTITION,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__CONFLICT,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__INTR,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
  RD_KAFKA_VTYPE_HEADER,
  RD_KAFKA_VTYPE_HEADERS,
  RD_KAFKA_VTYPE_KEY,
  RD_KAFKA_VTYPE_MSGFLAGS,
  RD_KAFKA_VTYPE_OPAQUE,
  RD_KAFKA_VTYPE_PARTITION,
  RD_KAFKA_VTYPE_RKT,
  RD_KAFKA_VTYPE_TIMESTAMP,
  RD_KAFKA_VTYPE_TOPIC,
  RD_KAFKA_VTYPE_VALUE,
  type rd_kafka_resp_err_t,
} from '../defs/enums.ts';
import { type HeaderInput, HeaderList, headersFrom, headerValue } from '../defs/headers.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import type { Bytes, ProduceBatchMessage, rd_kafka_error_t, rd_kafka_t, rd_kafka_topic_t } from '../defs/types.ts';
import { type rd_kafka_vu_t, Vu } from '../defs/vu.ts';
import { checkArray, checkBrand, checkInt32, checkInt64, checkString, GONE, typeError } from '../rd/check.ts';
import {
  block,
  checkHandle,
  checkProducer,
  checkTimeout,
  checkTopic,
  promise,
  type TwinOptions,
} from './check_handle.ts';

/** What one message is made of, gathered from tags, a struct or an object; one per thread, emptied after each call. */
class Parts {
  topic: Topic | null;
  /** In place of `topic`, which is made when all tags have been looked at. */
  topicName: string | null;
  partition: number;
  value: Bytes;
  key: Bytes;
  opaque: any;
  flags: number;
  timestamp: number;
  single: HeaderList | null;
  given: HeaderList | null;

  constructor() {
    this.topic = null;
    this.topicName = null;
    this.partition = RD_KAFKA_PARTITION_UA;
    this.value = null;
    this.key = null;
    this.opaque = null;
    this.flags = 0;
    this.timestamp = 0;
    this.single = null;
    this.given = null;
  }
}

const EINVAL: number = constants.errno.EINVAL;
const ERRNOS: ReadonlyMap<number, number> = new Map([
  [RD_KAFKA_RESP_ERR__INTR, constants.errno.EINTR],
  [RD_KAFKA_RESP_ERR__QUEUE_FULL, constants.errno.ENOBUFS],
  [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, constants.errno.EMSGSIZE],
  [RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, constants.errno.ESRCH],
  [RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, constants.errno.ENOENT],
  [RD_KAFKA_RESP_ERR__FATAL, constants.errno.ECANCELED],
]);

const MAX_TOPIC_NAME = 512;

function noteResult(err: number): rd_kafka_resp_err_t {
  setLastError(err, err === 0 ? 0 : (ERRNOS.get(err) ?? EINVAL));
  return err;
}

/** Accepts a message, or says why not; F_BLOCK waits for room and serves reports meanwhile, since nobody else can. */
function accept(
  rk: Handle,
  topic: Topic,
  partition: number,
  flags: number,
  key: Bytes,
  value: Bytes,
  headers: HeaderList | null,
  timestamp: number,
  opaque: any,
): number {
  const { signalled } = rk.thread;
  if (signalled) serveSignals(rk.thread);
  if (rk.fatal !== null) return RD_KAFKA_RESP_ERR__FATAL;
  // In a callback that destroy runs: nothing would send it any more.
  if (rk.closing) return RD_KAFKA_RESP_ERR__DESTROY;
  const list = headers === null || headers.list.length === 0 ? null : headers.list;
  let err = enqueue(topic, partition, key, value, list, timestamp, opaque);
  if (err !== RD_KAFKA_RESP_ERR__QUEUE_FULL) return err;
  // Without a callback nobody polls: the reports that have come make room here.
  dropReports(rk);
  if (!rk.callbacks.reports) err = enqueue(topic, partition, key, value, list, timestamp, opaque);
  const bytes = value === null ? 0 : Buffer.byteLength(value);
  if ((flags & RD_KAFKA_MSG_F_BLOCK) === 0 || bytes > rk.limits!.maxBytes) return err;
  while (err === RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    if (signalled) return RD_KAFKA_RESP_ERR__INTR;
    const { handled } = rk.thread;
    run(rk.thread, roomSteps(rk, bytes));
    if (rk.fatal !== null) return RD_KAFKA_RESP_ERR__FATAL;
    if (rk.closing || rk.destroyLater) return RD_KAFKA_RESP_ERR__DESTROY;
    err = enqueue(topic, partition, key, value, list, timestamp, opaque);
    if (err === RD_KAFKA_RESP_ERR__QUEUE_FULL && rk.thread.handled !== handled) return RD_KAFKA_RESP_ERR__INTR;
  }
  return err;
}

function checkValue(fn: string, param: string, value: Bytes): Bytes {
  if (value === null || typeof value === 'string' || ArrayBuffer.isView(value)) {
    if (value !== null && typeof value !== 'string' && value.BYTES_PER_ELEMENT !== 1)
      throw typeError(fn, param, 'a Uint8Array, a string or null', value);
    return value;
  }
  if (value === undefined) return null;
  throw typeError(fn, param, 'a Uint8Array, a string or null', value);
}

/**
 * rd_kafka_produce: hands one message to the producer; it is copied and sent later, in batches. Returns 0, or -1 with the
 * reason in last_error(): _QUEUE_FULL (poll, and try again), MSG_SIZE_TOO_LARGE, _UNKNOWN_PARTITION, _UNKNOWN_TOPIC,
 * _FATAL. RD_KAFKA_MSG_F_BLOCK waits for room in place of _QUEUE_FULL and serves callbacks meanwhile (_INTR: a signal
 * ended that wait); F_COPY and F_FREE change nothing. The report of an accepted message comes by dr_msg_cb, with
 * `msg_opaque` as `_private`. Does not block otherwise.
 */
export function produce(
  rkt: rd_kafka_topic_t,
  partition: number,
  msgflags: number,
  payload: Bytes,
  key: Bytes,
  msg_opaque?: any,
): number {
  const topic = living(rkt) ? rkt : checkTopic('produce', rkt);
  if ((partition | 0) !== partition) checkInt32('produce', 'partition', partition);
  if ((msgflags | 0) !== msgflags) checkInt32('produce', 'msgflags', msgflags);
  checkValue('produce', 'payload', payload);
  checkValue('produce', 'key', key);
  if (topic.rk[GONE] !== '' || !topic.rk.producer) checkProducer('produce', topic.rk);
  const err =
    checkPartition(partition) ??
    accept(topic.rk, topic, partition, msgflags, key ?? null, payload ?? null, null, 0, msg_opaque ?? null);
  return noteResult(err) === 0 ? 0 : -1;
}

/** Quick where it says yes; a topic of another copy of the library (ESM beside CommonJS) is left to checkTopic. */
function living(rkt: unknown): rkt is Topic {
  return rkt instanceof Topic && rkt[GONE] === '';
}

function checkPartition(partition: number): number | null {
  return partition < RD_KAFKA_PARTITION_UA ? RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION : null;
}

/**
 * rd_kafka_produce_batch: hands over many messages for one topic; gives how many were accepted, and in `err` of each 0 or
 * why not, as `produce` says it. With RD_KAFKA_MSG_F_PARTITION each goes to its own `partition` (none: the partitioner
 * chooses), else to the one given. After a _QUEUE_FULL the rest is refused with that too; with RD_KAFKA_MSG_F_BLOCK it
 * waits instead, as `produce` does, and an _INTR refuses the rest. `_private` comes back in the report. last_error() stays
 * as it was.
 */
export function produce_batch(
  rkt: rd_kafka_topic_t,
  partition: number,
  msgflags: number,
  rkmessages: readonly ProduceBatchMessage[],
): number {
  const topic = checkTopic('produce_batch', rkt);
  checkInt32('produce_batch', 'partition', partition);
  const each = (checkInt32('produce_batch', 'msgflags', msgflags) & RD_KAFKA_MSG_F_PARTITION) !== 0;
  checkArray('produce_batch', 'rkmessages', rkmessages).forEach(checkBatchMessage);
  checkProducer('produce_batch', topic.rk);
  let good = 0;
  let rest = 0;
  for (const message of rkmessages) {
    const { payload = null, key = null, _private = null } = message;
    const target = each ? (message.partition ?? RD_KAFKA_PARTITION_UA) : partition;
    let err = rest || (checkPartition(target) ?? 0);
    if (err === 0) err = accept(topic.rk, topic, target, msgflags, key, payload, null, 0, _private);
    if (err === RD_KAFKA_RESP_ERR__QUEUE_FULL || err === RD_KAFKA_RESP_ERR__INTR) rest = err;
    message.err = err as rd_kafka_resp_err_t;
    if (err === 0) good++;
  }
  return good;
}

function checkBatchMessage(message: ProduceBatchMessage, i: number): void {
  const fn = 'produce_batch';
  if (message === null || typeof message !== 'object') throw typeError(fn, `rkmessages[${i}]`, 'an object', message);
  checkValue(fn, `rkmessages[${i}].payload`, message.payload ?? null);
  checkValue(fn, `rkmessages[${i}].key`, message.key ?? null);
  checkInt32(fn, `rkmessages[${i}].partition`, message.partition ?? RD_KAFKA_PARTITION_UA);
}

/** What the object form of producev takes. */
export interface ProduceInput {
  readonly topic: string | rd_kafka_topic_t;
  readonly value?: Bytes;
  readonly key?: Bytes;
  readonly partition?: number;
  readonly headers?: HeaderInput;
  readonly timestamp?: number;
  readonly opaque?: unknown;
}

/**
 * rd_kafka_producev: hands over one message described by tags (RD_KAFKA_V_TOPIC(...), RD_KAFKA_V_VALUE(...), ...; a
 * later one overrides an earlier one; RD_KAFKA_V_END may stand last), or by one object. Returns 0 or the reason like
 * `produce`; _INVALID_ARG without topic or for an unknown tag, _CONFLICT for HEADER beside HEADERS. Headers of
 * RD_KAFKA_V_HEADERS are taken over when it succeeds, and stay yours when it fails. Does not block (but for F_BLOCK).
 */
export function producev(rk: rd_kafka_t, ...tags: (rd_kafka_vu_t | 0)[]): rd_kafka_resp_err_t;
export function producev(rk: rd_kafka_t, message: ProduceInput): rd_kafka_resp_err_t;
export function producev(rk: rd_kafka_t, ...tags: (rd_kafka_vu_t | 0 | ProduceInput)[]): rd_kafka_resp_err_t {
  const handle = checkProducer('producev', rk);
  const first = tags[0];
  if (tags.length === 1 && first !== null && typeof first === 'object' && !('vtype' in first))
    return noteResult(produceObject(handle, first));
  const parts = new Parts();
  for (let i = 0; i < tags.length; i++) {
    const tag = tags[i] as rd_kafka_vu_t | 0;
    if (tag === 0) break;
    const err = addTag('producev', handle, parts, tag);
    if (err !== 0) return noteResult(err);
  }
  return noteResult(finish(handle, parts));
}

/**
 * rd_kafka_produceva: the same with the tags as an array of what RD_KAFKA_V_* give, or of C's struct. Returns null, or an
 * error object that carries the code; RD_KAFKA_VTYPE_END is refused.
 */
export function produceva(rk: rd_kafka_t, vus: readonly rd_kafka_vu_t[]): rd_kafka_error_t | null {
  const handle = checkProducer('produceva', rk);
  if (!Array.isArray(vus)) throw typeError('produceva', 'vus', 'an array', vus);
  const parts = new Parts();
  for (const tag of vus) {
    if (tag === null || typeof tag !== 'object')
      throw typeError('produceva', 'vus', 'an array of RD_KAFKA_V_* tags', tag);
    const err = addTag('produceva', handle, parts, tag);
    if (err !== 0)
      return errorOf(
        handle,
        err,
        err === RD_KAFKA_RESP_ERR__INVALID_ARG ? `unsupported vtype ${String(tag.vtype)}` : '',
      );
  }
  return errorOf(handle, finish(handle, parts));
}

function errorOf(rk: Handle, err: number, text = ''): rd_kafka_error_t | null {
  noteResult(err);
  if (err === 0) return null;
  if (err === RD_KAFKA_RESP_ERR__FATAL && rk.fatal !== null)
    return new KafkaError(rk.fatal.err, rk.fatal.text, { fatal: true });
  return kafkaErrorOf(err, text);
}

function isTopicName(name: string): boolean {
  return name !== '' && name.length <= MAX_TOPIC_NAME;
}

/** A topic given as a handle: one of another client's is undefined in C. */
function topicOf(fn: string, rk: Handle, rkt: rd_kafka_topic_t, param: string): Topic {
  const topic = checkTopic(fn, rkt, param);
  if (topic.rk !== rk) throw new TypeError(`${fn}: ${param} must be a topic of rk, not of another handle`);
  return topic;
}

/** A message object that has been looked through: nothing has happened yet. */
export interface CheckedMessage {
  readonly topic: string | Topic;
  readonly partition: number;
  readonly key: Bytes;
  readonly value: Bytes;
  readonly headers: HeaderList | null;
  /** `headers` are the caller's own, taken over when the message is accepted. */
  readonly taken: boolean;
  readonly timestamp: number;
  readonly opaque: unknown;
}

/** Throws for what is of a wrong type; `param` is what the caller calls the message. */
export function checkMessage(fn: string, param: string, rk: Handle, message: ProduceInput): CheckedMessage {
  if (typeof message !== 'object' || message === null)
    throw typeError(fn, param, 'an object { topic, value, ... }', message);
  const {
    topic,
    value = null,
    key = null,
    partition = RD_KAFKA_PARTITION_UA,
    headers,
    timestamp = 0,
    opaque = null,
  } = message;
  checkValue(fn, `${param}.value`, value);
  checkValue(fn, `${param}.key`, key);
  checkInt32(fn, `${param}.partition`, partition);
  checkInt64(fn, `${param}.timestamp`, timestamp);
  const list = headersFrom(fn, `${param}.headers`, headers);
  const taken = list !== null && list === (headers as unknown);
  if (taken) checkBrand(fn, `${param}.headers`, list, 'rd_kafka_headers_t');
  const target =
    typeof topic === 'string' ? checkString(fn, `${param}.topic`, topic) : topicOf(fn, rk, topic, `${param}.topic`);
  return { topic: target, partition, key, value, headers: list, taken, timestamp, opaque };
}

/** The topic of a checked message, or why there is none. */
export function targetOf(rk: Handle, { topic, partition }: CheckedMessage): Topic | number {
  if (typeof topic === 'string' && !isTopicName(topic)) return RD_KAFKA_RESP_ERR__INVALID_ARG;
  return checkPartition(partition) ?? (typeof topic === 'string' ? rk.topic(topic) : topic);
}

function produceObject(rk: Handle, message: ProduceInput): number {
  const checked = checkMessage('producev', 'message', rk, message);
  const { partition, key, value, headers, taken, timestamp, opaque } = checked;
  const target = targetOf(rk, checked);
  if (typeof target === 'number') return target;
  const err = accept(rk, target, partition, 0, key, value, headers, timestamp, opaque);
  if (err === 0 && taken) headers!.takeOver();
  return err;
}

function addTag(fn: string, rk: Handle, parts: Parts, tag: rd_kafka_vu_t): number {
  if (tag === null || typeof tag !== 'object') throw typeError(fn, 'tags', 'what RD_KAFKA_V_* give', tag);
  const flat = tag instanceof Vu || !('u' in tag);
  const value = flat ? (tag as Vu).value : undefined;
  const u = flat ? null : (tag as { u: NonNullable<Exclude<rd_kafka_vu_t, Vu>['u']> }).u;
  switch (tag.vtype) {
    case RD_KAFKA_VTYPE_TOPIC:
      parts.topic = null;
      parts.topicName = checkString(fn, 'RD_KAFKA_V_TOPIC', u === null ? value : u.cstr);
      return isTopicName(parts.topicName) ? 0 : RD_KAFKA_RESP_ERR__INVALID_ARG;
    case RD_KAFKA_VTYPE_RKT:
      parts.topic = topicOf(fn, rk, u === null ? value : u.rkt!, 'RD_KAFKA_V_RKT');
      return 0;
    case RD_KAFKA_VTYPE_PARTITION:
      parts.partition = checkInt32(fn, 'RD_KAFKA_V_PARTITION', u === null ? value : u.i32);
      return 0;
    case RD_KAFKA_VTYPE_VALUE:
      parts.value = checkValue(fn, 'RD_KAFKA_V_VALUE', u === null ? value : (u.mem?.ptr ?? null));
      return 0;
    case RD_KAFKA_VTYPE_KEY:
      parts.key = checkValue(fn, 'RD_KAFKA_V_KEY', u === null ? value : (u.mem?.ptr ?? null));
      return 0;
    case RD_KAFKA_VTYPE_OPAQUE:
      parts.opaque = u === null ? value : u.ptr;
      return 0;
    case RD_KAFKA_VTYPE_MSGFLAGS:
      parts.flags = checkInt32(fn, 'RD_KAFKA_V_MSGFLAGS', u === null ? value : u.i);
      return 0;
    case RD_KAFKA_VTYPE_TIMESTAMP:
      parts.timestamp = checkInt64(fn, 'RD_KAFKA_V_TIMESTAMP', u === null ? value : u.i64);
      return 0;
    case RD_KAFKA_VTYPE_HEADER:
      return addHeader(
        fn,
        parts,
        flat ? (tag as Vu).name : u!.header?.name,
        u === null ? value : (u.header?.val ?? null),
      );
    case RD_KAFKA_VTYPE_HEADERS:
      if (parts.single !== null) return RD_KAFKA_RESP_ERR__CONFLICT;
      parts.given = checkBrand<HeaderList>(
        fn,
        'RD_KAFKA_V_HEADERS',
        u === null ? value : u.headers,
        'rd_kafka_headers_t',
      );
      return 0;
    default:
      return RD_KAFKA_RESP_ERR__INVALID_ARG;
  }
}

function addHeader(fn: string, parts: Parts, name: unknown, value: Bytes): number {
  if (parts.given !== null) return RD_KAFKA_RESP_ERR__CONFLICT;
  parts.single ??= new HeaderList();
  parts.single.add(checkString(fn, 'RD_KAFKA_V_HEADER', name), headerValue(fn, 'RD_KAFKA_V_HEADER', value));
  return 0;
}

function finish(rk: Handle, parts: Parts): number {
  const { given, single, topicName } = parts;
  if (parts.topic === null && topicName === null) return RD_KAFKA_RESP_ERR__INVALID_ARG;
  const refused = checkPartition(parts.partition);
  if (refused !== null) return refused;
  const topic = parts.topic ?? rk.topic(topicName!);
  const err = accept(
    rk,
    topic,
    parts.partition,
    parts.flags,
    parts.key,
    parts.value,
    given ?? single,
    parts.timestamp,
    parts.opaque,
  );
  if (err === 0 && given !== null) given.takeOver();
  return err;
}

/**
 * rd_kafka_flush: waits until all messages are delivered or have failed and their callbacks have run, at most
 * `timeout_ms` (negative: for ever). linger.ms counts as 0 meanwhile. 0; _TIMED_OUT when some are left;
 * the same code that librdkafka gives for a consumer. Callbacks run in it.
 */
export function flush(rk: rd_kafka_t, timeout_ms: number): rd_kafka_resp_err_t {
  const handle = checkHandle('flush', rk);
  return block(handle, flushSteps(handle, checkTimeout('flush', timeout_ms)));
}

/** `flush` as a promise: rejects with _TIMED_OUT when some messages are left. Callbacks run from the event loop. */
export async function flush_async(rk: rd_kafka_t, timeout_ms: number = -1, o?: TwinOptions): Promise<void> {
  const handle = checkHandle('flush', rk);
  const err = await promise('flush_async', handle, flushSteps(handle, checkTimeout('flush', timeout_ms)), o);
  if (err !== 0) throw kafkaErrorOf(err);
}

/**
 * rd_kafka_purge: gives up messages: RD_KAFKA_PURGE_F_QUEUE those not sent (reported as _PURGE_QUEUE),
 * RD_KAFKA_PURGE_F_INFLIGHT those sent and not answered (_PURGE_INFLIGHT, possibly stored). Their reports wait for poll
 * or flush. Blocks for the connection threads unless RD_KAFKA_PURGE_F_NON_BLOCKING is there too. _INVALID_ARG for other
 * bits.
 */
export function purge(rk: rd_kafka_t, purge_flags: number): rd_kafka_resp_err_t {
  const handle = checkHandle('purge', rk);
  return block(handle, purgeSteps(handle, checkInt32('purge', 'purge_flags', purge_flags)));
}

/** `purge` as a promise. */
export async function purge_async(rk: rd_kafka_t, purge_flags: number, o?: TwinOptions): Promise<void> {
  const handle = checkHandle('purge', rk);
  const err = await promise(
    'purge_async',
    handle,
    purgeSteps(handle, checkInt32('purge', 'purge_flags', purge_flags)),
    o,
  );
  if (err !== 0) throw kafkaErrorOf(err);
}
