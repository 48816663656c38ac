// What of Kafka the shop uses: a message sent and confirmed, and each message handled before its offset is committed.
import * as kafka from 'rdkafka-ts';

function confOf(config) {
  const conf = kafka.conf_new();
  const errstr = kafka.out();
  for (const [name, value] of Object.entries(config))
    if (kafka.conf_set(conf, name, String(value), errstr) !== kafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  return conf;
}

function handleOf(type, conf) {
  const errstr = kafka.out();
  const rk = kafka.new(type, conf, errstr);
  if (rk === null) throw new Error(errstr.value);
  return rk;
}

/** No message is lost or stored twice, whatever happens to brokers and connections. */
export function openProducer(config) {
  const conf = confOf({ ...config, 'enable.idempotence': true });
  kafka.conf_set_dr_msg_cb(conf, (_rk, message) => message._private(message));
  const rk = handleOf(kafka.RD_KAFKA_PRODUCER, conf);
  return {
    /** Resolves with the place of the message when Kafka has it; rejects when Kafka has not taken it. */
    send: async (topic, key, value) => {
      const reported = { err: 0, partition: -1, offset: -1 };
      const opaque = ({ err, partition, offset }) => Object.assign(reported, { err, partition, offset });
      const err = kafka.producev(rk, { topic, key, value, opaque });
      if (err) throw new Error(kafka.err2str(err));
      // A promise of the library keeps the process; node:test takes an event loop without work for the end of all tests.
      await kafka.flush_async(rk);
      if (reported.err) throw new Error(kafka.err2str(reported.err));
      return { partition: reported.partition, offset: reported.offset };
    },
    close: () => kafka.destroy_async(rk),
  };
}

/** At least once: what was handled is committed, now and then and when partitions go to another member. */
export function openConsumer(config, topic, handle) {
  const conf = confOf({ ...config, 'enable.auto.offset.store': false });
  const rk = handleOf(kafka.RD_KAFKA_CONSUMER, conf);
  kafka.subscribe(rk, [topic]);
  const stopping = new AbortController();
  const next = async () => {
    try {
      return await kafka.consumer_poll_async(rk, -1, { signal: stopping.signal });
    } catch (error) {
      if (stopping.signal.aborted) return null;
      throw error;
    }
  };
  const run = async () => {
    for (let message = await next(); message !== null; message = await next()) {
      if (message.err) continue;
      await handle(String(message.value));
      kafka.offset_store_message(message);
    }
  };
  const running = run();
  running.catch(() => {});
  return {
    /** Resolves when it has left the group. Rejects with what the handler threw, which ended it before. */
    close: async () => {
      stopping.abort();
      try {
        await running;
      } finally {
        await kafka.consumer_close_async(rk);
        await kafka.destroy_async(rk);
      }
    },
  };
}
