// Counterpart of librdkafka's examples/rdkafka_performance.c: how many messages a second, and how late. Options, fields and
// columns are the C program's, so that both can run side by side. `rdkafka_performance.ts` alone lists the options.
// It ends when it has done what it was asked for, and on Ctrl-C and SIGTERM, after which each message is accounted for.
import { program, signal, stderr, stdout } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  RD_KAFKA_V_END,
  RD_KAFKA_V_HEADERS,
  RD_KAFKA_V_KEY,
  RD_KAFKA_V_MSGFLAGS,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_RKT,
  RD_KAFKA_V_VALUE,
  rd_kafka_assign,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_conf_set_error_cb,
  rd_kafka_conf_set_offset_commit_cb,
  rd_kafka_conf_set_rebalance_cb,
  rd_kafka_conf_set_throttle_cb,
  type rd_kafka_conf_t,
  rd_kafka_consume_batch_queue,
  rd_kafka_consume_callback_queue,
  rd_kafka_consume_start_queue,
  rd_kafka_consume_stop,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_dump,
  rd_kafka_err2str,
  rd_kafka_error_string,
  rd_kafka_fatal_error,
  rd_kafka_flush,
  rd_kafka_headers_copy,
  rd_kafka_headers_destroy,
  type rd_kafka_headers_t,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  rd_kafka_last_error,
  rd_kafka_message_broker_id,
  rd_kafka_message_destroy,
  rd_kafka_message_errstr,
  rd_kafka_message_headers,
  type rd_kafka_message_t,
  rd_kafka_name,
  rd_kafka_new,
  rd_kafka_outq_len,
  rd_kafka_poll,
  rd_kafka_poll_set_consumer,
  rd_kafka_produce,
  rd_kafka_producev,
  rd_kafka_queue_destroy,
  rd_kafka_queue_get_consumer,
  rd_kafka_queue_new,
  rd_kafka_rebalance_protocol,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
  type rd_kafka_topic_partition_list_t,
  type rd_kafka_topic_t,
  rd_kafka_wait_destroyed,
} from 'rdkafka-ts/rdkafka';
import { Counters, rd_clock, wall_clock } from './performance_counters.ts';
import { Done, type Options, read_options } from './performance_options.ts';

/** What is on its way when the program is told to stop gets so long; the rest is reported as purged. */
const STOPPED_FLUSH_MS = 400;
const LATENCY = 'LATENCY:';
/** A latency of more than 5 minutes is of another run. */
const FAR_OFF_US = 300_000_000;

// The C program's static variables.
let run = true;
let o: Options;
let cnt: Counters;
let global_rk: rd_kafka_t | null = null;
/** Accepted and not reported yet. */
let msgs_wait_cnt = 0;
let all_produced = false;
let reports = 0;
let partition_cnt = 0;
let eof_cnt = 0;

function stop(): void {
  if (!run) process.exit(1); // the second time at once
  run = false;
}

const outq = (): number => (global_rk ? rd_kafka_outq_len(global_rk) : 0);

function err_cb(rk: rd_kafka_t, err: number, reason: string): void {
  if (err === RD_KAFKA_RESP_ERR__FATAL) {
    const errstr = out('');
    const cause = rd_kafka_err2str(rd_kafka_fatal_error(rk, errstr));
    stdout.write(`% FATAL ERROR CALLBACK: ${rd_kafka_name(rk)}: ${cause}: ${errstr.value}\n`);
  } else stdout.write(`% ERROR CALLBACK: ${rd_kafka_name(rk)}: ${rd_kafka_err2str(err)}: ${reason}\n`);
}

function throttle_cb(_rk: rd_kafka_t, broker_name: string, broker_id: number, throttle_time_ms: number): void {
  stdout.write(`% THROTTLED ${throttle_time_ms}ms by ${broker_name} (${broker_id})\n`);
}

function offset_commit_cb(_rk: rd_kafka_t, err: number, offsets: rd_kafka_topic_partition_list_t): void {
  if (err || o.verbosity >= 2)
    stdout.write(`% Offset commit of ${offsets.cnt} partition(s): ${rd_kafka_err2str(err)}\n`);
  for (const { topic, partition, offset, err: own } of offsets)
    if (own || o.verbosity >= 2) stdout.write(`%  ${topic} [${partition}] @ ${offset}: ${rd_kafka_err2str(own)}\n`);
}

/** What stands behind LATENCY: in a payload, microseconds; null where nothing does. */
function latency_of(payload: Buffer | null): number | null {
  if (payload === null || payload.toString('latin1', 0, LATENCY.length) !== LATENCY) return null;
  const sent = Number.parseInt(payload.toString('latin1', LATENCY.length, LATENCY.length + 20), 10);
  return Number.isNaN(sent) ? null : wall_clock() - sent;
}

function msg_delivered(_rk: rd_kafka_t, rkmessage: rd_kafka_message_t): void {
  reports++;
  msgs_wait_cnt--;
  if (rkmessage.err) cnt.msgs_dr_err++;
  else {
    cnt.msgs_dr_ok++;
    cnt.bytes_dr_ok += rkmessage.len;
    cnt.offset = rkmessage.offset;
  }
  if (o.latency_mode) {
    const latency = latency_of(rkmessage.payload);
    if (latency !== null) cnt.latency_add(latency);
  }
  if (o.verbosity >= 2) told(rkmessage);
  if (all_produced && msgs_wait_cnt === 0) cnt.t_end = rd_clock();
  if (o.exit_after > 0 && reports >= o.exit_after) {
    stdout.write(`% Exit after ${o.exit_after} messages, as asked for\n`);
    process.exit(0);
  }
}

function told(rkmessage: rd_kafka_message_t): void {
  const { err, topic, partition, offset } = rkmessage;
  const broker = `broker ${rd_kafka_message_broker_id(rkmessage)}`;
  if (err)
    stdout.write(
      `% Not delivered (${broker}): ${topic} [${partition}]: ${rd_kafka_err2str(err)} (${msgs_wait_cnt} remain)\n`,
    );
  else if (o.verbosity >= 3) stdout.write(`% Delivered (offset ${offset}, ${broker}): ${msgs_wait_cnt} remain\n`);
  if (o.verbosity >= 3 && o.seq !== null) stdout.write(` --> "${rkmessage.payload}"\n`);
}

function error_consume(rkmessage: rd_kafka_message_t): void {
  const { err, topic, partition, offset } = rkmessage;
  if (err === RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    cnt.offset = offset;
    if (o.verbosity >= 1) stdout.write(`% The end of ${topic} [${partition}], at offset ${offset}\n`);
    if (o.exit_eof && ++eof_cnt === partition_cnt) run = false;
    return;
  }
  const text = rd_kafka_message_errstr(rkmessage);
  stdout.write(`% Error of "${topic ?? ''}" [${partition}] at offset ${offset}: ${text}\n`);
  if (err === RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || err === RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) run = false;
  cnt.msgs_dr_err++;
}

function msg_consume(rkmessage: rd_kafka_message_t): void {
  if (rkmessage.err) {
    error_consume(rkmessage);
    return;
  }
  // Time begins with the first message.
  if (cnt.t_start === 0) cnt.t_start = cnt.t_last = rd_clock();
  cnt.offset = rkmessage.offset;
  cnt.msgs++;
  cnt.bytes += rkmessage.len;
  if (o.verbosity >= 3 || (o.verbosity >= 2 && cnt.msgs % 1_000_000 === 0))
    stdout.write(`@${rkmessage.offset}: ${rkmessage.key ?? ''}: ${rkmessage.payload ?? ''}\n`);
  if (o.latency_mode) latency_consumed(rkmessage);
  if (o.read_hdrs) rd_kafka_message_headers(rkmessage, null);
  if (o.msgcnt !== -1 && cnt.msgs >= o.msgcnt) run = false;
}

function latency_consumed({ payload, offset }: rd_kafka_message_t): void {
  const latency = latency_of(payload);
  if (latency === null) {
    if (o.verbosity > 1) stdout.write(`no ${LATENCY} in ${payload ?? ''}\n`);
  } else if (latency > 0 && latency < FAR_OFF_US) cnt.latency_add(latency);
  else if (o.verbosity >= 1) stdout.write(`A latency of ${latency}us (offset ${offset}) is too far off: ignored\n`);
}

function rebalance_cb(rk: rd_kafka_t, err: number, partitions: rd_kafka_topic_partition_list_t): void {
  const protocol = rd_kafka_rebalance_protocol(rk);
  const cooperative = protocol === 'COOPERATIVE';
  const given = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (!given && err !== RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) return;
  if (o.exit_eof && cooperative) stderr.write('% -e counts partitions, which a cooperative group moves one by one\n');
  stderr.write(
    `% The group has rebalanced (${protocol}): ${partitions.cnt} partition(s) ${given ? 'new' : 'revoked'}\n`,
  );
  let failed = '';
  if (cooperative) {
    const error = given ? rd_kafka_incremental_assign(rk, partitions) : rd_kafka_incremental_unassign(rk, partitions);
    if (error) failed = rd_kafka_error_string(error);
    partition_cnt += given ? partitions.cnt : -partitions.cnt;
  } else {
    const ret_err = rd_kafka_assign(rk, given ? partitions : null);
    if (ret_err) failed = rd_kafka_err2str(ret_err);
    partition_cnt = given ? partition_cnt + partitions.cnt : 0;
  }
  eof_cnt = 0;
  if (failed) stderr.write(`% The assignment could not be changed: ${failed}\n`);
}

/** Serves callbacks until it is time for the next message; a signal ends it. */
function serve_until(rk: rd_kafka_t, next: number): void {
  do rd_kafka_poll(rk, Math.max(0, Math.floor((next - rd_clock()) / 1000)));
  while (run && next > rd_clock());
}

function do_produce(
  rk: rd_kafka_t,
  rkt: rd_kafka_topic_t,
  payload: Buffer | null,
  hdrs: rd_kafka_headers_t | null,
): number {
  const partition = o.partitions[0] ?? RD_KAFKA_PARTITION_UA;
  if (hdrs === null) {
    if (rd_kafka_produce(rkt, partition, o.sendflags, payload, o.key, null) === 0) return 0;
    return rd_kafka_last_error();
  }
  const copy = rd_kafka_headers_copy(hdrs);
  const err = rd_kafka_producev(
    rk,
    RD_KAFKA_V_RKT(rkt),
    RD_KAFKA_V_PARTITION(partition),
    RD_KAFKA_V_MSGFLAGS(o.sendflags),
    RD_KAFKA_V_VALUE(payload),
    RD_KAFKA_V_KEY(o.key),
    RD_KAFKA_V_HEADERS(copy),
    RD_KAFKA_V_END,
  );
  if (err) rd_kafka_headers_destroy(copy); // only a message that was accepted takes them over
  return err;
}

/** False when it was refused for good, which ends the program, or the program is to stop. */
function produce_one(rk: rd_kafka_t, rkt: rd_kafka_topic_t, payload: Buffer | null): boolean {
  cnt.tx++;
  while (run) {
    const err = do_produce(rk, rkt, payload, o.headers);
    if (!err) return true;
    const full = err === RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (err === RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) stdout.write(`% No such partition: ${o.partitions[0]}\n`);
    else if (o.verbosity >= 3 || (!full && o.verbosity >= 1))
      stdout.write(`% produce: ${rd_kafka_err2str(err)}${full ? ' (backpressure)' : ''}\n`);
    cnt.tx_err++;
    if (!full) {
      run = false;
      return false;
    }
    const now = rd_clock();
    if (o.verbosity >= 2 && cnt.t_enobufs_last + cnt.dispintvl <= now) {
      stdout.write(`% Backpressure ${rd_kafka_outq_len(rk)} (tx ${cnt.tx}, txerr ${cnt.tx_err})\n`);
      cnt.t_enobufs_last = now;
    }
    rd_kafka_poll(rk, 10); // reports make room
    cnt.print(outq);
  }
  return false;
}

/** The payload that all messages share, filled with the pattern; null for none. */
function make_payload(): Buffer | null {
  let size = o.msgsize === -1 ? Buffer.byteLength(o.msgpattern) : o.msgsize;
  // A number of 20 digits and what is around it.
  if (o.latency_mode) size = Math.max(size, LATENCY.length + 22);
  else if (o.seq !== null) size = Math.max(size, 22);
  return size === 0 ? null : Buffer.alloc(size, o.msgpattern);
}

function stamp(payload: Buffer): void {
  if (o.latency_mode) payload.write(`${LATENCY}${wall_clock()}\0`, 'latin1');
  else if (o.seq !== null) payload.write(`${o.seq++}: `, 'latin1');
}

function produce_all(rk: rd_kafka_t, rkt: rd_kafka_topic_t, payload: Buffer | null): void {
  const { rate_sleep, msgcnt } = o;
  const stamped = payload !== null && (o.latency_mode || o.seq !== null);
  while (run && (msgcnt === -1 || cnt.msgs < msgcnt)) {
    if (o.idle) {
      rd_kafka_poll(rk, 1000);
      continue;
    }
    const from = rate_sleep > 0 ? rd_clock() : 0;
    if (stamped) stamp(payload);
    if (!produce_one(rk, rkt, payload)) continue;
    cnt.msgs++;
    cnt.bytes += payload?.length ?? 0;
    if (o.with_dr) msgs_wait_cnt++;
    if (rate_sleep > 0) serve_until(rk, from + rate_sleep);
    else if (cnt.msgs % 1000 === 0) rd_kafka_poll(rk, 0);
    else continue;
    cnt.print(outq);
  }
}

function producer(conf: rd_kafka_conf_t): number {
  const payload = make_payload();
  const size = payload?.length ?? 0;
  stdout.write(`% Sending ${o.msgcnt === -1 ? '' : `${o.msgcnt} `}messages of size ${size} bytes\n`);
  if (o.with_dr) rd_kafka_conf_set_dr_msg_cb(conf, msg_delivered);
  const rk = open(RD_KAFKA_PRODUCER, conf);
  const rkt = rd_kafka_topic_new(rk, o.topics[0]!, null);
  if (!rkt) throw new Done(1, `% ${o.topics[0]}: ${rd_kafka_err2str(rd_kafka_last_error())}\n`);
  if (o.rate_sleep && o.verbosity >= 2) stderr.write(`% ${o.rate_sleep}us between two messages\n`);

  cnt.t_start = cnt.t_last = rd_clock();
  produce_all(rk, rkt, payload);
  all_produced = true;
  if (o.verbosity >= 2) stdout.write(`% All messages produced, waiting for ${msgs_wait_cnt} reports\n`);
  while (run && rd_kafka_outq_len(rk) > 0) {
    rd_kafka_poll(rk, 1000);
    cnt.print(outq);
  }
  if (!run) rd_kafka_flush(rk, STOPPED_FLUSH_MS);
  if (o.verbosity >= 2) stdout.write(`% ${rd_kafka_outq_len(rk)} messages in outq\n`);
  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(rk); // reports what is left, so that delivered and failed are all
  global_rk = null;
  if (cnt.t_end === 0) cnt.t_end = rd_clock();
  if (o.verbosity >= 2 && cnt.msgs > 0)
    stdout.write(`% ${(((cnt.msgs - cnt.msgs_dr_ok) / cnt.msgs) * 100).toFixed(5)}% of the messages failed\n`);
  if (cnt.tx_err > 0) {
    const share = ((cnt.tx_err / cnt.tx) * 100).toFixed(3);
    stdout.write(`% ${cnt.tx_err} backpressures for ${cnt.tx} produce calls: ${share}% backpressure rate\n`);
  }
  return !o.with_dr || cnt.msgs === cnt.msgs_dr_ok ? 0 : 1;
}

function open(type: typeof RD_KAFKA_PRODUCER | typeof RD_KAFKA_CONSUMER, conf: rd_kafka_conf_t): rd_kafka_t {
  const errstr = out('');
  global_rk = rd_kafka_new(type, conf, errstr);
  if (!global_rk) throw new Done(1, `% No ${type === RD_KAFKA_PRODUCER ? 'producer' : 'consumer'}: ${errstr.value}\n`);
  return global_rk;
}

/** Calls `fetch` again and again, which gives how many messages it has had. */
function consume_all(rk: rd_kafka_t, fetch: () => number): void {
  while (run && (o.msgcnt === -1 || o.msgcnt > cnt.msgs)) {
    const from = rd_clock();
    const r = fetch();
    cnt.t_fetch_latency += rd_clock() - from;
    if (r === -1) stderr.write(`% Error: ${rd_kafka_err2str(rd_kafka_last_error())}\n`);
    else if (r > 0 && o.rate_sleep > 0) serve_until(rk, rd_clock() + o.rate_sleep);
    cnt.print(outq);
  }
  cnt.t_end = rd_clock();
}

function consume_messages(messages: readonly rd_kafka_message_t[]): void {
  for (const rkmessage of messages) {
    msg_consume(rkmessage);
    rd_kafka_message_destroy(rkmessage);
  }
}

/** -C: partitions by hand, into one queue. */
function simple_consumer(conf: rd_kafka_conf_t): number {
  const rk = open(RD_KAFKA_CONSUMER, conf);
  const rkt = rd_kafka_topic_new(rk, o.topics[0]!, null);
  if (!rkt) throw new Done(1, `% ${o.topics[0]}: ${rd_kafka_err2str(rd_kafka_last_error())}\n`);
  const rkqu = rd_kafka_queue_new(rk);
  partition_cnt = o.partitions.length;
  for (const partition of o.partitions)
    if (rd_kafka_consume_start_queue(rkt, partition, o.start_offset, rkqu) === -1)
      throw new Done(1, `% Partition ${partition}: ${rd_kafka_err2str(rd_kafka_last_error())}\n`);

  const rkmessages: rd_kafka_message_t[] = [];
  consume_all(rk, () => {
    let r: number;
    if (o.batch_size > 0) {
      r = rd_kafka_consume_batch_queue(rkqu, 1000, rkmessages, o.batch_size);
      if (r > 0) consume_messages(rkmessages);
    } else r = rd_kafka_consume_callback_queue(rkqu, 1000, msg_consume, null);
    rd_kafka_poll(rk, 0);
    return r;
  });

  for (const partition of o.partitions)
    if (rd_kafka_consume_stop(rkt, partition) === -1)
      stderr.write(`% Partition ${partition}: ${rd_kafka_err2str(rd_kafka_last_error())}\n`);
  rd_kafka_queue_destroy(rkqu);
  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(rk);
  return 0;
}

/** -G: a member of a group. */
function group_consumer(conf: rd_kafka_conf_t): number {
  rd_kafka_conf_set_rebalance_cb(conf, rebalance_cb);
  const rk = open(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(rk);
  const err = rd_kafka_subscribe(rk, o.topics);
  if (err) throw new Done(1, `% Could not subscribe: ${rd_kafka_err2str(err)}\n`);
  stderr.write('% Waiting for the group to rebalance ..\n');

  const rkqu = rd_kafka_queue_get_consumer(rk);
  const rkmessages: rd_kafka_message_t[] = [];
  consume_all(rk, () => {
    if (o.batch_size > 0) {
      const r = rd_kafka_consume_batch_queue(rkqu!, 1000, rkmessages, o.batch_size);
      if (r > 0) consume_messages(rkmessages);
      return r;
    }
    const rkmessage = rd_kafka_consumer_poll(rk, 1000);
    if (!rkmessage) return 0;
    msg_consume(rkmessage);
    rd_kafka_message_destroy(rkmessage);
    return 1;
  });

  const closed = rd_kafka_consumer_close(rk);
  if (closed) stderr.write(`% Could not close the consumer: ${rd_kafka_err2str(closed)}\n`);
  rd_kafka_queue_destroy(rkqu!);
  rd_kafka_destroy(rk);
  return 0;
}

/** What the C program sets; options come later, and win. */
const DEFAULTS = [
  ['linger.ms', '1000'],
  ['message.send.max.retries', '3'],
  ['retry.backoff.ms', '500'],
] as const;
/** Fetches far ahead, so that the queue in the program is what is measured. */
const CONSUMER = [
  ['queued.min.messages', '1000000'],
  ['session.timeout.ms', '6000'],
  ['auto.offset.reset', 'earliest'],
  ['enable.partition.eof', 'true'],
] as const;

function make_conf(argv: readonly string[]): rd_kafka_conf_t {
  const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_error_cb(conf, err_cb);
  rd_kafka_conf_set_throttle_cb(conf, throttle_cb);
  rd_kafka_conf_set_offset_commit_cb(conf, offset_commit_cb);
  for (const [property, value] of DEFAULTS) rd_kafka_conf_set(conf, property, value);
  o = read_options(argv, conf);
  if (o.mode !== 'P') for (const [property, value] of CONSUMER) rd_kafka_conf_set(conf, property, value);
  const errstr = out('');
  if (o.brokers !== null && rd_kafka_conf_set(conf, 'bootstrap.servers', o.brokers, errstr) !== RD_KAFKA_CONF_OK)
    throw new Done(1, `% ${errstr.value}\n`);
  return conf;
}

function measure(argv: readonly string[]): number {
  const conf = make_conf(argv);
  cnt = new Counters({ ...o, produces: o.mode === 'P', latencies: o.latency_mode });
  if (o.verbosity > 1) stdout.write(`% Using random seed ${o.seed}, verbosity level ${o.verbosity}\n`);
  signal('SIGINT', stop);
  signal('SIGTERM', stop);
  if (process.platform !== 'win32') signal('SIGUSR1', () => global_rk && rd_kafka_dump(stdout, global_rk));

  const modes = { P: producer, C: simple_consumer, G: group_consumer } as const;
  const code = modes[o.mode](conf);
  global_rk = null;
  cnt.print(() => 0, true);
  if (cnt.t_fetch_latency > 0 && cnt.msgs > 0)
    stdout.write(`% Average application fetch latency: ${Math.floor(cnt.t_fetch_latency / cnt.msgs)}us\n`);
  cnt.close();
  if (o.headers) rd_kafka_headers_destroy(o.headers);
  rd_kafka_wait_destroyed(2000);
  return code;
}

function main(argv: string[]): number {
  try {
    return measure(argv);
  } catch (error) {
    if (!(error instanceof Done)) throw error;
    (error.code === 0 ? stdout : stderr).write(error.message);
    return error.code;
  }
}

program(import.meta.url, main);
