// A producer and a consumer of ours for the bench, and the count of reports.
import * as rdkafka from '../../dist/esm/index.js';

export { rdkafka };
export const value = Buffer.alloc(100, 'x');
export const reports = { delivered: 0, failed: 0 };

export function confOf(properties) {
  const conf = rdkafka.conf_new();
  const errstr = rdkafka.out('');
  for (const [name, text] of Object.entries(properties)) {
    if (text === undefined) continue;
    if (rdkafka.conf_set(conf, name, String(text), errstr) !== rdkafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  }
  return conf;
}

export function make(type, conf) {
  const errstr = rdkafka.out('');
  const rk = rdkafka.new(type, conf, errstr);
  if (!rk) throw new Error(errstr.value);
  return rk;
}

/** acks=all is librdkafka's default and ours; it is set to say so. `properties` besides. */
export function producer({ bootstrap, linger, codec, perBatch, acks = 'all' }, properties = {}) {
  const conf = confOf({
    'bootstrap.servers': bootstrap,
    acks,
    'linger.ms': linger,
    'compression.codec': codec,
    'batch.num.messages': perBatch,
    ...properties,
  });
  rdkafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
    reports.delivered++;
    if (message.err !== 0) reports.failed++;
  });
  return make(rdkafka.RD_KAFKA_PRODUCER, conf);
}

/** A member of `group`, from the beginning of what has no committed offset; `properties` besides. */
export function consumer({ bootstrap, group }, properties = {}, rebalanceCb = null) {
  const conf = confOf({
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    ...properties,
  });
  if (rebalanceCb) rdkafka.conf_set_rebalance_cb(conf, rebalanceCb);
  const rk = make(rdkafka.RD_KAFKA_CONSUMER, conf);
  rdkafka.poll_set_consumer(rk);
  return rk;
}

export function subscribe(rk, topic) {
  const error = rdkafka.subscribe(rk, [topic]);
  if (error) throw new Error(rdkafka.err2str(error));
}

/** The next message, null when none comes within the time. */
export function nextMessage(rk, timeoutMs) {
  return checked(rdkafka.consumer_poll(rk, timeoutMs));
}

export function checked(message) {
  if (message !== null && message.err !== 0) throw new Error(rdkafka.message_errstr(message));
  return message;
}

export function sendAndWait(rk, topic, partition, bytes = value) {
  const target = reports.delivered + 1;
  const error = rdkafka.producev(rk, { topic, partition, value: bytes });
  if (error) throw new Error(rdkafka.err2str(error));
  while (reports.delivered < target) rdkafka.poll(rk, 1000);
}

export function finish(result) {
  if (reports.failed > 0) throw new Error(`${reports.failed} deliveries failed`);
  console.log(`RESULT ${JSON.stringify(result)}`);
}
