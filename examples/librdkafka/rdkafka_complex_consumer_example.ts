// Counterpart of librdkafka's examples/rdkafka_complex_consumer_example.c: a consumer of topics (in a group) or of
// partitions (`topic:0`), with a rebalance callback for both protocols; it also describes groups and reads their offsets.
// Without arguments it lists its options, which are those of the C program.
import { isatty } from 'node:tty';
import { program, signal, stderr, stdout } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_DEBUG_CONTEXTS,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  rd_kafka_assign,
  rd_kafka_committed,
  rd_kafka_conf_dump,
  rd_kafka_conf_get_default_topic_conf,
  rd_kafka_conf_new,
  rd_kafka_conf_properties_show,
  rd_kafka_conf_set,
  rd_kafka_conf_set_log_cb,
  rd_kafka_conf_set_rebalance_cb,
  type rd_kafka_conf_t,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_dump,
  rd_kafka_err2str,
  rd_kafka_error_string,
  type rd_kafka_group_list,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  rd_kafka_list_groups,
  rd_kafka_message_destroy,
  rd_kafka_message_errstr,
  type rd_kafka_message_t,
  rd_kafka_name,
  rd_kafka_new,
  rd_kafka_poll_set_consumer,
  rd_kafka_rebalance_protocol,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_conf_dump,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_new,
  type rd_kafka_topic_partition_list_t,
  rd_kafka_version,
  rd_kafka_version_str,
  rd_kafka_wait_destroyed,
} from 'rdkafka-ts/rdkafka';
import { getopt } from './getopt.ts';

// The C program's static variables.
let run = true;
let exit_eof = false;
/** Partitions that have not come to their end yet. */
let wait_eof = 0;
let quiet = false;
let raw = false;

function stop(): void {
  if (!run) process.exit(1); // the second time at once
  run = false;
}

function logger(rk: rd_kafka_t | null, level: number, fac: string, buf: string): void {
  const name = rk ? rd_kafka_name(rk) : '';
  stdout.write(`${(Date.now() / 1000).toFixed(3)} RDKAFKA-${level}-${fac}: ${name}: ${buf}\n`);
}

/** Sixteen bytes a line: where, in hexadecimal, as text. */
function hexdump(name: string, bytes: Buffer): void {
  stdout.write(`${name} hexdump (${bytes.length} bytes):\n`);
  for (let of = 0; of < bytes.length; of += 16) {
    const row = bytes.subarray(of, of + 16);
    const hexen = [...row].map((byte) => `${byte.toString(16).padStart(2, '0')} `).join('');
    const charen = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    stdout.write(`${of.toString(16).padStart(8, '0')}: ${hexen.padEnd(48)} ${charen.padEnd(16)}\n`);
  }
}

function error_consume(rkmessage: rd_kafka_message_t): void {
  const { err, topic, partition, offset } = rkmessage;
  if (err === RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    stderr.write(`% The end of ${topic} [${partition}], at offset ${offset}\n`);
    if (exit_eof && --wait_eof === 0) {
      stderr.write('% All partitions have come to their end: exiting\n');
      run = false;
    }
    return;
  }
  if (rkmessage.rkt)
    stderr.write(`% Error of ${topic} [${partition}] at offset ${offset}: ${rd_kafka_message_errstr(rkmessage)}\n`);
  else stderr.write(`% Consumer error: ${rd_kafka_err2str(err)}: ${rd_kafka_message_errstr(rkmessage)}\n`);
  if (err === RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || err === RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) run = false;
}

function msg_consume(rkmessage: rd_kafka_message_t): void {
  if (rkmessage.err) {
    error_consume(rkmessage);
    return;
  }
  const { topic, partition, offset, len, key, payload } = rkmessage;
  if (!quiet) stdout.write(`% Message (topic ${topic} [${partition}], offset ${offset}, ${len} bytes):\n`);
  if (key && key.length > 0) {
    if (raw) stdout.write(`Key: ${key}\n`);
    else hexdump('Message Key', key);
  }
  if (raw) stdout.write(`${payload ?? ''}\n`);
  else hexdump('Message Payload', payload ?? Buffer.alloc(0));
}

function print_partition_list(partitions: rd_kafka_topic_partition_list_t): void {
  const texts = partitions.elems.map(({ topic, partition, offset }) => `${topic} [${partition}] offset ${offset}`);
  stderr.write(` ${texts.join(', ')}\n`);
}

function rebalance_cb(
  rk: rd_kafka_t,
  err: number,
  partitions: rd_kafka_topic_partition_list_t,
  _opaque: unknown,
): void {
  const protocol = rd_kafka_rebalance_protocol(rk);
  const cooperative = protocol === 'COOPERATIVE';
  let failed = '';
  const incremental = (change: typeof rd_kafka_incremental_assign): void => {
    const error = change(rk, partitions);
    if (error) failed = rd_kafka_error_string(error);
  };
  const whole = (list: rd_kafka_topic_partition_list_t | null): void => {
    const ret_err = rd_kafka_assign(rk, list);
    if (ret_err) failed = rd_kafka_err2str(ret_err);
  };
  if (err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    stderr.write(`% The group has rebalanced: assigned (${protocol}):\n`);
    print_partition_list(partitions);
    if (cooperative) incremental(rd_kafka_incremental_assign);
    else whole(partitions);
    wait_eof += partitions.cnt;
  } else if (err === RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    stderr.write(`% The group has rebalanced: revoked (${protocol}):\n`);
    print_partition_list(partitions);
    if (cooperative) incremental(rd_kafka_incremental_unassign);
    else whole(null);
    wait_eof = cooperative ? wait_eof - partitions.cnt : 0;
  } else {
    stderr.write(`% The group could not rebalance: ${rd_kafka_err2str(err)}\n`);
    whole(null);
  }
  if (failed) stderr.write(`% The assignment could not be changed: ${failed}\n`);
}

/** -D */
function describe_groups(rk: rd_kafka_t, group: string | null): number {
  const grplist = out<rd_kafka_group_list>();
  const err = rd_kafka_list_groups(rk, group, grplist, 10_000);
  if (err) {
    stderr.write(`% Could not list the groups: ${rd_kafka_err2str(err)}\n`);
    return 1;
  }
  const { groups } = grplist.value;
  for (const gi of groups) {
    const { id, host, port } = gi.broker;
    stdout.write(`Group "${gi.group}" in state ${gi.state} on broker ${id} (${host}:${port})\n`);
    if (gi.err) stdout.write(` Error: ${rd_kafka_err2str(gi.err)}\n`);
    stdout.write(` Protocol type "${gi.protocol_type}", protocol "${gi.protocol}", ${gi.member_cnt} member(s):\n`);
    for (const mi of gi.members) {
      stdout.write(`  "${mi.member_id}", client id "${mi.client_id}" on host ${mi.client_host}\n`);
      stdout.write(`    metadata: ${mi.member_metadata_size} bytes\n`);
      stdout.write(`    assignment: ${mi.member_assignment_size} bytes\n`);
    }
    stdout.write('\n');
  }
  if (group && groups.length === 0) stderr.write(`% No such group: ${group}\n`);
  return 0;
}

/** -O */
function query_offsets(rk: rd_kafka_t, topics: rd_kafka_topic_partition_list_t): number {
  const err = rd_kafka_committed(rk, topics, 5000);
  if (err) {
    stderr.write(`% Could not read the offsets: ${rd_kafka_err2str(err)}\n`);
    return 1;
  }
  for (const p of topics) {
    const metadata = p.metadata_size ? ` (${p.metadata_size} bytes of metadata)` : '';
    const what = p.err ? `error ${rd_kafka_err2str(p.err)}` : `offset ${p.offset}${metadata}`;
    stdout.write(`Topic "${p.topic}" partition ${p.partition} ${what}\n`);
  }
  return 0;
}

/** -X dump */
function conf_dump(conf: rd_kafka_conf_t): void {
  const show = (title: string, arr: readonly string[]): void => {
    stdout.write(`# ${title}\n`);
    for (let i = 0; i < arr.length; i += 2) stdout.write(`${arr[i]} = ${arr[i + 1]}\n`);
    stdout.write('\n');
  };
  show('Global config', rd_kafka_conf_dump(conf));
  const topic_conf = rd_kafka_conf_get_default_topic_conf(conf);
  if (topic_conf) show('Topic config', rd_kafka_topic_conf_dump(topic_conf));
}

interface Arguments {
  readonly mode: 'C' | 'D' | 'O';
  readonly brokers: string;
  readonly group: string | null;
  readonly topics: readonly string[];
}

const DEFAULT_GROUP = 'rdkafka_consumer_example';
const DEFAULT_BROKERS = 'localhost:9092';

function usage(name: string): number {
  stderr.write(`Usage: ${name} [options] <topic[:part]> <topic[:part]>..

librdkafka version ${rd_kafka_version_str()} (0x${rd_kafka_version().toString(16).padStart(8, '0')})

 Options:
  -g <group>      Consumer group (${DEFAULT_GROUP})
  -b <brokers>    Brokers to begin with (${DEFAULT_BROKERS})
  -e              Exit at the end of the last partition
  -D              Describe the group, or all groups
  -O              Print committed offsets (of topic:part)
  -d [facs..]     Debug contexts:
                  ${RD_KAFKA_DEBUG_CONTEXTS}
  -q              Be quiet
  -A              Print payloads as they are
  -X <prop=name>  Set a configuration property
                  -X list lists them all, -X dump shows their values

A group wants 'topic1 topic2..', an assignment by hand 'topic1:part1 topic1:part2 topic2:part1..'
`);
  return 1;
}

/** An exit code in place of the arguments: the program is done. */
function read_arguments(argv: readonly string[], conf: rd_kafka_conf_t): Arguments | number {
  const { options, rest, wrong } = getopt(argv.slice(1), 'g:b:qd:eX:ADO');
  if (wrong) return usage(argv[0]!);
  let mode: Arguments['mode'] = 'C';
  let brokers = DEFAULT_BROKERS;
  let group: string | null = null;
  let do_conf_dump = false;
  const errstr = out('');
  const set = (property: string, value: string): boolean => {
    if (rd_kafka_conf_set(conf, property, value, errstr) === RD_KAFKA_CONF_OK) return true;
    stderr.write(`% ${errstr.value}\n`);
    return false;
  };
  for (const [letter, value] of options) {
    if (letter === 'b') brokers = value;
    else if (letter === 'g') group = value;
    else if (letter === 'e') exit_eof = true;
    else if (letter === 'q') quiet = true;
    else if (letter === 'A') raw = true;
    else if (letter === 'D' || letter === 'O') mode = letter;
    else if (letter === 'd') {
      if (!set('debug', value)) return 1;
    } else if (value === 'list' || value === 'help') {
      rd_kafka_conf_properties_show(stdout);
      return 0;
    } else if (value === 'dump') do_conf_dump = true;
    else {
      const at = value.indexOf('=');
      if (at < 0) {
        stderr.write(`% -X wants property=value, not ${value}\n`);
        return 1;
      }
      if (!set(value.slice(0, at), value.slice(at + 1))) return 1;
    }
  }
  if (do_conf_dump) {
    conf_dump(conf);
    return 0;
  }
  if (mode !== 'D') {
    if (rest.length === 0) return usage(argv[0]!);
    if (!set('group.id', group ?? DEFAULT_GROUP) || !set('enable.partition.eof', 'true')) return 1;
    rd_kafka_conf_set_rebalance_cb(conf, rebalance_cb);
  }
  return set('bootstrap.servers', brokers) ? { mode, brokers, group, topics: rest } : 1;
}

/** Subscribes to topics, or assigns partitions where there are any; then consumes until something ends it. */
function consume(rk: rd_kafka_t, topics: rd_kafka_topic_partition_list_t): number {
  const by_hand = topics.elems.some(({ partition }) => partition !== RD_KAFKA_PARTITION_UA);
  if (by_hand) {
    stderr.write(`% Assigning ${topics.cnt} partitions\n`);
    const err = rd_kafka_assign(rk, topics);
    if (err) stderr.write(`% Could not assign them: ${rd_kafka_err2str(err)}\n`);
  } else {
    stderr.write(`% Subscribing to ${topics.cnt} topics\n`);
    const err = rd_kafka_subscribe(rk, topics);
    if (err) {
      stderr.write(`% Could not begin to consume: ${rd_kafka_err2str(err)}\n`);
      return 1;
    }
  }
  while (run) {
    const rkmessage = rd_kafka_consumer_poll(rk, 1000);
    if (!rkmessage) continue;
    msg_consume(rkmessage);
    rd_kafka_message_destroy(rkmessage);
  }
  return 0;
}

/** `topic[:part]` */
function read_topics(args: readonly string[]): rd_kafka_topic_partition_list_t {
  const topics = rd_kafka_topic_partition_list_new(args.length);
  for (const arg of args) {
    const [topic, part] = arg.split(':') as [string, string | undefined];
    if (part !== undefined) wait_eof++;
    rd_kafka_topic_partition_list_add(
      topics,
      topic,
      part === undefined ? RD_KAFKA_PARTITION_UA : Number.parseInt(part, 10) || 0,
    );
  }
  return topics;
}

function main(argv: string[]): number {
  quiet = !isatty(0);
  const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, logger);
  const args = read_arguments(argv, conf);
  if (typeof args === 'number') return args;

  const errstr = out('');
  const rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr);
  if (!rk) {
    stderr.write(`% No consumer: ${errstr.value}\n`);
    return 1;
  }
  signal('SIGINT', stop);
  signal('SIGTERM', stop);
  if (process.platform !== 'win32') signal('SIGUSR1', () => rd_kafka_dump(stdout, rk));

  if (args.mode === 'D') {
    const code = describe_groups(rk, args.group);
    rd_kafka_destroy(rk);
    return code;
  }
  rd_kafka_poll_set_consumer(rk); // so that consumer_poll serves everything
  const topics = read_topics(args.topics);
  const code = args.mode === 'O' ? query_offsets(rk, topics) : consume(rk, topics);

  const err = rd_kafka_consumer_close(rk);
  if (err) stderr.write(`% Could not close the consumer: ${rd_kafka_err2str(err)}\n`);
  else stderr.write('% The consumer is closed\n');
  rd_kafka_destroy(rk);
  if (rd_kafka_wait_destroyed(1000) === -1) stdout.write('Something of the library is left\n');
  return code;
}

program(import.meta.url, main);
