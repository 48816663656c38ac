// The older API: produce and produce_batch, and one partition read without a group by consume, consume_batch and
// consume_callback, from BEGINNING, TAIL, STORED and END. It blocks as C does; Ctrl-C and SIGTERM end it between two
// calls. Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC (a topic of one partition, with nothing in it), KAFKA_GROUP (for STORED).
import { program, signal } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_MSG_F_COPY,
  RD_KAFKA_MSG_F_FREE,
  RD_KAFKA_MSG_F_PARTITION,
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_OFFSET_END,
  RD_KAFKA_OFFSET_STORED,
  RD_KAFKA_OFFSET_TAIL,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_consume,
  rd_kafka_consume_batch,
  rd_kafka_consume_callback,
  rd_kafka_consume_start,
  rd_kafka_consume_stop,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_err2str,
  rd_kafka_flush,
  rd_kafka_last_error,
  rd_kafka_message_destroy,
  rd_kafka_message_errstr,
  type rd_kafka_message_t,
  rd_kafka_new,
  rd_kafka_poll,
  rd_kafka_produce,
  rd_kafka_produce_batch,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
  type rd_kafka_topic_t,
  type rd_kafka_type_t,
  rd_kafka_yield,
} from 'rdkafka-ts/rdkafka';

const BOOTSTRAP = process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092';
const TOPIC = process.env['KAFKA_TOPIC'] ?? 'batches';
const GROUP = process.env['KAFKA_GROUP'] ?? 'simple-batches';
const PARTITION = 0;
/** So few that the queue fills up. */
const QUEUE_LENGTH = 8;
const WAIT_MS = 1000;
const FLUSH_MS = 30_000;

let run = true;
let delivered = 0;

function msg_delivered(_rk: rd_kafka_t, rkmessage: rd_kafka_message_t): void {
  if (rkmessage.err) console.error(`delivery failed: ${rd_kafka_err2str(rkmessage.err)}`);
  else delivered++;
}

/** Throws where C would exit(1). */
function handle_new(type: rd_kafka_type_t, properties: Readonly<Record<string, string>>): rd_kafka_t {
  const errstr = out('');
  const conf = rd_kafka_conf_new();
  for (const [name, value] of Object.entries({ 'bootstrap.servers': BOOTSTRAP, ...properties }))
    if (rd_kafka_conf_set(conf, name, value, errstr) !== RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  if (type === RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, msg_delivered);
  const rk = rd_kafka_new(type, conf, errstr);
  if (!rk) throw new Error(errstr.value);
  return rk;
}

function topic_new(rk: rd_kafka_t): rd_kafka_topic_t {
  const rkt = rd_kafka_topic_new(rk, TOPIC, null);
  if (!rkt) throw new Error(rd_kafka_err2str(rd_kafka_last_error()));
  return rkt;
}

/** One message; waits for room when the queue is full. */
function produce(rk: rd_kafka_t, rkt: rd_kafka_topic_t, partition: number, msgflags: number, payload: string): void {
  while (run && rd_kafka_produce(rkt, partition, msgflags, payload, 'key', null) === -1) {
    const err = rd_kafka_last_error();
    console.log(`produce ${payload}: -1, ${rd_kafka_err2name(err)}`);
    if (err !== RD_KAFKA_RESP_ERR__QUEUE_FULL) throw new Error(rd_kafka_err2str(err));
    rd_kafka_poll(rk, WAIT_MS); // serves reports, which makes room
  }
}

function produce_all(rk: rd_kafka_t, rkt: rd_kafka_topic_t): void {
  // Taken over or copied, given a partition or not: the payload is copied in each case.
  produce(rk, rkt, PARTITION, RD_KAFKA_MSG_F_COPY, 'a');
  produce(rk, rkt, PARTITION, RD_KAFKA_MSG_F_FREE, 'b');
  produce(rk, rkt, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, 'c');
  // With F_PARTITION each goes to its own. Nothing has been polled: of six there is room for five.
  const messages: { payload: string; partition: number; err?: number }[] = [
    { payload: 'd', partition: PARTITION },
    { payload: 'e', partition: RD_KAFKA_PARTITION_UA },
    { payload: 'f', partition: PARTITION },
    { payload: 'g', partition: PARTITION },
    { payload: 'h', partition: RD_KAFKA_PARTITION_UA },
    { payload: 'i', partition: PARTITION },
  ];
  const flags = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION;
  const accepted = rd_kafka_produce_batch(rkt, RD_KAFKA_PARTITION_UA, flags, messages);
  console.log(`produce_batch: ${accepted} of ${messages.length}`);
  for (const { payload, partition, err } of messages)
    if (err) produce(rk, rkt, partition, RD_KAFKA_MSG_F_COPY, payload);
  if (run) rd_kafka_flush(rk, FLUSH_MS); // a signal ends the call that waits, and not the next one
  console.log(`delivered ${delivered}`);
}

/** The text of a message; null for the end of the partition. */
function text_of(rkmessage: rd_kafka_message_t): string | null {
  if (rkmessage.err === RD_KAFKA_RESP_ERR__PARTITION_EOF) return null;
  if (rkmessage.err) throw new Error(rd_kafka_message_errstr(rkmessage) ?? '');
  return String(rkmessage.payload);
}

function start(rkt: rd_kafka_topic_t, offset: number): void {
  if (rd_kafka_consume_start(rkt, PARTITION, offset) === -1) throw new Error(rd_kafka_err2str(rd_kafka_last_error()));
}

/** Stores the last offset, too. */
function stop(rkt: rd_kafka_topic_t, what: string, texts: readonly string[]): void {
  rd_kafka_consume_stop(rkt, PARTITION);
  console.log(`${what}: ${texts.join(' ')}`);
}

/** One by one, from the first message to the present end. */
function from_beginning(rkt: rd_kafka_topic_t): void {
  const texts: string[] = [];
  start(rkt, RD_KAFKA_OFFSET_BEGINNING);
  for (let ended = false; run && !ended; ) {
    const rkmessage = rd_kafka_consume(rkt, PARTITION, WAIT_MS);
    if (!rkmessage) continue; // nothing within that time, or a signal
    const text = text_of(rkmessage);
    if (text === null) ended = true;
    else texts.push(text);
    rd_kafka_message_destroy(rkmessage);
  }
  stop(rkt, 'consume, BEGINNING', texts);
}

/** The last three, in batches of two. */
function from_tail(rkt: rd_kafka_topic_t): void {
  const texts: string[] = [];
  start(rkt, RD_KAFKA_OFFSET_TAIL(3));
  for (let ended = false; run && !ended; ) {
    const rkmessages: rd_kafka_message_t[] = [];
    const count = rd_kafka_consume_batch(rkt, PARTITION, WAIT_MS, rkmessages, 2);
    for (let i = 0; i < count; i++) {
      const text = text_of(rkmessages[i]!);
      if (text === null) ended = true;
      else texts.push(text);
      rd_kafka_message_destroy(rkmessages[i]!);
    }
  }
  stop(rkt, 'consume_batch, TAIL(3)', texts);
}

/** Five messages behind those that were read before, by whomever of this group. */
function from_stored(rk: rd_kafka_t, rkt: rd_kafka_topic_t): void {
  const texts: string[] = [];
  start(rkt, RD_KAFKA_OFFSET_STORED);
  let ended = false;
  while (run && !ended)
    rd_kafka_consume_callback(
      rkt,
      PARTITION,
      WAIT_MS,
      (rkmessage, commit_opaque: string[]) => {
        const text = text_of(rkmessage);
        if (text !== null) commit_opaque.push(text);
        ended = text === null || commit_opaque.length === 5;
        if (ended) rd_kafka_yield(rk); // what is left stays where it is
      },
      texts,
    );
  stop(rkt, 'consume_callback, STORED', texts);
}

/** What comes after it has begun. */
function from_end(rkt: rd_kafka_topic_t, produce_one: () => void): void {
  const texts: string[] = [];
  start(rkt, RD_KAFKA_OFFSET_END);
  while (run && texts.length === 0) {
    const rkmessage = rd_kafka_consume(rkt, PARTITION, WAIT_MS);
    if (!rkmessage) continue;
    const text = text_of(rkmessage);
    if (text !== null) texts.push(text);
    else produce_one(); // the end is found: what is produced now is behind it
    rd_kafka_message_destroy(rkmessage);
  }
  stop(rkt, 'consume, END', texts);
}

function consume_all(producer: rd_kafka_t, out_topic: rd_kafka_topic_t): void {
  const config = { 'group.id': GROUP, 'auto.offset.reset': 'earliest', 'enable.partition.eof': 'true' };
  const consumer = handle_new(RD_KAFKA_CONSUMER, config);
  const rkt = topic_new(consumer);
  from_stored(consumer, rkt);
  from_stored(consumer, rkt);
  from_beginning(rkt);
  from_tail(rkt);
  from_end(rkt, () => {
    produce(producer, out_topic, PARTITION, RD_KAFKA_MSG_F_COPY, 'new');
    if (run) rd_kafka_flush(producer, FLUSH_MS);
  });

  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(consumer);
}

function main(): number {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    signal(name, () => {
      run = false;
    });
  const producer = handle_new(RD_KAFKA_PRODUCER, { 'queue.buffering.max.messages': String(QUEUE_LENGTH) });
  const out_topic = topic_new(producer);
  produce_all(producer, out_topic);
  if (run) consume_all(producer, out_topic);
  rd_kafka_topic_destroy(out_topic);
  rd_kafka_destroy(producer);
  return run ? 0 : 1;
}

program(import.meta.url, main);
