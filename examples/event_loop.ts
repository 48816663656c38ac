// A group consumer that takes everything as events off its queue: messages, rebalances, results of commits, errors. No
// callback runs; what happens next is decided in one loop. Ends on SIGTERM.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, KAFKA_GROUP.
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';

const conf = kafka.conf_new();
for (const [name, value] of [
  ['bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'],
  ['group.id', process.env['KAFKA_GROUP'] ?? 'order-events'],
  ['auto.offset.reset', 'earliest'],
  ['enable.auto.commit', 'false'],
] as const) {
  const errstr = kafka.out<string>();
  if (kafka.conf_set(conf, name, value, errstr) !== kafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
}
// Without these two the library answers rebalances by itself, and nobody hears of commits.
kafka.conf_set_events(conf, kafka.RD_KAFKA_EVENT_REBALANCE | kafka.RD_KAFKA_EVENT_OFFSET_COMMIT);
const errstr = kafka.out<string>();
const rk = kafka.new(kafka.RD_KAFKA_CONSUMER, conf, errstr);
if (!rk) throw new Error(errstr.value);

const queue = kafka.queue_get_consumer(rk);
if (!queue) throw new Error('no group.id');
// What poll() would serve comes here too.
kafka.poll_set_consumer(rk);
const err = kafka.subscribe(rk, [TOPIC]);
if (err) throw new Error(kafka.err2str(err));

let stopping = false;
process.once('SIGTERM', () => {
  stopping = true;
  // Whoever waits for an event comes back with none.
  kafka.queue_yield(queue);
});

function handle(consumer: kafka.rd_kafka_t, event: kafka.rd_kafka_event_t): void {
  switch (kafka.event_type(event)) {
    case kafka.RD_KAFKA_EVENT_FETCH: {
      const message = kafka.event_message_next(event);
      console.log(`@${message?.offset}: ${message?.value}`);
      // The answer comes as an event.
      if (message) kafka.commit_message(consumer, message, true);
      return;
    }
    case kafka.RD_KAFKA_EVENT_REBALANCE: {
      const given = kafka.event_error(event) === kafka.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      const partitions = kafka.event_topic_partition_list(event);
      console.log(given ? 'assigned' : 'revoked', partitions?.elems.map(({ partition }) => partition).join(' '));
      kafka.assign(consumer, given ? partitions : null);
      return;
    }
    case kafka.RD_KAFKA_EVENT_OFFSET_COMMIT:
      for (const { partition, offset } of kafka.event_topic_partition_list(event)?.elems ?? [])
        console.log(`committed ${partition}@${offset}: ${kafka.err2name(kafka.event_error(event))}`);
      return;
    case kafka.RD_KAFKA_EVENT_ERROR:
      console.error(kafka.event_error_string(event));
  }
}

/** Takes events until `done`. */
async function serve(consumer: kafka.rd_kafka_t, events: kafka.rd_kafka_queue_t, done: () => boolean): Promise<void> {
  while (!done()) {
    const event = await kafka.queue_poll_async(events, 1000);
    if (event) handle(consumer, event);
    kafka.event_destroy(event);
  }
}

await serve(rk, queue, () => stopping);
// The last rebalance comes as an event, too.
const refused = kafka.consumer_close_queue(rk, queue);
if (refused) throw refused;
await serve(rk, queue, () => kafka.consumer_closed(rk) === 1);
kafka.queue_destroy(queue);
kafka.destroy(rk);
console.log('closed');
