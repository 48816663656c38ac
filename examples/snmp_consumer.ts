// The other side of kafka_producer: a member of the group that reads `snmp-data`. It blocks in consumer_poll, as C does;
// Ctrl-C and SIGTERM end it, and the others of its group take over. Environment: KAFKA_BROKERS, KAFKA_GROUP, KAFKA_TOPIC.
import { program, signal } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  rd_kafka_assign,
  rd_kafka_brokers_add,
  rd_kafka_commit,
  rd_kafka_conf_destroy,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_rebalance_cb,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2str,
  rd_kafka_header_get_last,
  type rd_kafka_headers_t,
  rd_kafka_message_destroy,
  rd_kafka_message_errstr,
  rd_kafka_message_headers,
  type rd_kafka_message_t,
  rd_kafka_new,
  rd_kafka_poll_set_consumer,
  type rd_kafka_resp_err_t,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_name,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_destroy,
  rd_kafka_topic_partition_list_new,
  type rd_kafka_topic_partition_list_t,
} from 'rdkafka-ts/rdkafka';

const BROKERS = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092';
const GROUP = process.env['KAFKA_GROUP'] ?? 'snmp-consumers';
const TOPIC = process.env['KAFKA_TOPIC'] ?? 'snmp-data';
/** A commit for so many messages, and whenever there is nothing to read. */
const COMMIT_EVERY = 100;

let run = true;

function stop(): void {
  run = false;
}

/** The handle, or null and a line that says why. */
function snmp_consumer_init(): rd_kafka_t | null {
  const errstr = out('');
  const conf = rd_kafka_conf_new();
  if (
    rd_kafka_conf_set(conf, 'group.id', GROUP, errstr) !== RD_KAFKA_CONF_OK ||
    rd_kafka_conf_set(conf, 'auto.offset.reset', 'earliest', errstr) !== RD_KAFKA_CONF_OK ||
    rd_kafka_conf_set(conf, 'enable.auto.commit', 'false', errstr) !== RD_KAFKA_CONF_OK ||
    rd_kafka_conf_set(conf, 'enable.partition.eof', 'true', errstr) !== RD_KAFKA_CONF_OK
  ) {
    console.error(`snmp_consumer: ${errstr.value}`);
    rd_kafka_conf_destroy(conf);
    return null;
  }
  rd_kafka_conf_set_rebalance_cb(conf, rebalance);
  const rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr);
  if (!rk) {
    console.error(`snmp_consumer: rd_kafka_new: ${errstr.value}`);
    rd_kafka_conf_destroy(conf); // only a successful rd_kafka_new takes it over
    return null;
  }
  rd_kafka_poll_set_consumer(rk);
  if (rd_kafka_brokers_add(rk, BROKERS) === 0) {
    console.error(`snmp_consumer: no valid brokers in "${BROKERS}"`);
    rd_kafka_destroy(rk);
    return null;
  }
  return rk;
}

function rebalance(rk: rd_kafka_t, err: rd_kafka_resp_err_t, partitions: rd_kafka_topic_partition_list_t): void {
  let text = '';
  for (let i = 0; i < partitions.cnt; i++) text += ` ${partitions.elems[i]!.partition}`;
  if (err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    console.log(`assigned${text}`);
    rd_kafka_assign(rk, partitions);
    return;
  }
  console.log(`revoked${text}`);
  commit(rk, false); // before others get them: what was handed out has been handled
  rd_kafka_assign(rk, null);
}

function commit(rk: rd_kafka_t, async: boolean): void {
  const err = rd_kafka_commit(rk, null, async);
  if (err && err !== RD_KAFKA_RESP_ERR__NO_OFFSET) console.error(`snmp_consumer: commit: ${rd_kafka_err2str(err)}`);
}

/** `src` and `req_id` as the producer wrote them: a string, and 4 bytes. */
function print(rkmessage: rd_kafka_message_t): void {
  const headers = out<rd_kafka_headers_t>();
  const src = out<Buffer | null>(null);
  const req_id = out<Buffer | null>(null);
  if (rd_kafka_message_headers(rkmessage, headers) === 0) {
    rd_kafka_header_get_last(headers.value, 'src', src);
    rd_kafka_header_get_last(headers.value, 'req_id', req_id);
  }
  const id = req_id.value?.length === 4 ? req_id.value.readInt32LE() : '-';
  console.log(
    `[${rkmessage.partition}] @${rkmessage.offset} src ${src.value ?? '-'} req_id ${id}: ${rkmessage.payload}`,
  );
}

/** True for a message that was handled. */
function handle(rkmessage: rd_kafka_message_t): boolean {
  if (!rkmessage.err) {
    print(rkmessage);
    return true;
  }
  if (rkmessage.err === RD_KAFKA_RESP_ERR__PARTITION_EOF)
    console.log(`${rd_kafka_topic_name(rkmessage.rkt!)} [${rkmessage.partition}] ends at ${rkmessage.offset}`);
  else console.error(`snmp_consumer: ${rd_kafka_message_errstr(rkmessage)}`);
  return false;
}

function main(): number {
  signal('SIGINT', stop);
  signal('SIGTERM', stop);
  const rk = snmp_consumer_init();
  if (!rk) return 1;
  const topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, TOPIC, RD_KAFKA_PARTITION_UA);
  const err = rd_kafka_subscribe(rk, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (err) {
    console.error(`snmp_consumer: subscribe: ${rd_kafka_err2str(err)}`);
    rd_kafka_destroy(rk);
    return 1;
  }
  let uncommitted = 0;
  while (run) {
    const rkmessage = rd_kafka_consumer_poll(rk, 1000); // a signal ends the wait
    if (rkmessage) {
      if (handle(rkmessage)) uncommitted++;
      rd_kafka_message_destroy(rkmessage);
    }
    if (uncommitted >= COMMIT_EVERY || (uncommitted > 0 && !rkmessage)) {
      commit(rk, true);
      uncommitted = 0;
    }
  }
  const closed = rd_kafka_consumer_close(rk); // revokes, which commits, and leaves the group
  rd_kafka_destroy(rk);
  if (closed) console.error(`snmp_consumer: consumer_close: ${rd_kafka_err2str(closed)}`);
  console.log('closed');
  return closed ? 1 : 0;
}

program(import.meta.url, main);
