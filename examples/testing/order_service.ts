// A small service to be tested: it announces orders in Kafka, and tells its caller when one could not be announced.
import * as kafka from 'rdkafka-ts';

export interface Order {
  readonly id: string;
  readonly item: string;
}

export interface OrderService {
  /** Resolves when Kafka has the order; rejects when it has not taken it within 20 seconds. */
  place(order: Order): Promise<{ partition: number; offset: number }>;
  close(): Promise<void>;
}

export function openOrderService(bootstrap: string, topic = 'orders'): OrderService {
  const conf = kafka.conf_new();
  kafka.conf_set(conf, 'bootstrap.servers', bootstrap);
  kafka.conf_set(conf, 'message.timeout.ms', '20000');
  kafka.conf_set_dr_msg_cb(conf, (_rk, message) => message._private(message));
  kafka.conf_set_log_cb(conf, null);
  const errstr = kafka.out<string>();
  const rk = kafka.new(kafka.RD_KAFKA_PRODUCER, conf, errstr);
  if (!rk) throw new Error(errstr.value);
  kafka.poll_start(rk);
  return {
    place: ({ id, item }) =>
      new Promise((resolve, reject) => {
        const reported = ({ err, partition, offset }: kafka.rd_kafka_message_t): void => {
          if (err) reject(new Error(`order ${id}: ${kafka.err2str(err)}`));
          else resolve({ partition, offset });
        };
        const err = kafka.producev(rk, { topic, key: id, value: item, opaque: reported });
        if (err) reject(new Error(`order ${id}: ${kafka.err2str(err)}`));
      }),
    close: async () => {
      await kafka.flush_async(rk, 5000).catch(() => {});
      await kafka.destroy_async(rk);
    },
  };
}
