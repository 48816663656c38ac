// A program around kafka_producer and kafka_server_service_discovery: a device reports its status again and again while
// the brokers move. It blocks as C does; Ctrl-C and SIGTERM end it. Environment: KAFKA_BROKER_FILE or
// KAFKA_BROKER_ADDRESS_PORT, DEVICE, INTERVAL_MS between two reports, COUNT of them (none: until a signal comes).
import { program, signal } from 'rdkafka-ts/program';
import { rd_kafka_flush, rd_kafka_outq_len, rd_kafka_poll } from 'rdkafka-ts/rdkafka';
import {
  kafka_producer_counts,
  kafka_producer_device_status_send,
  kafka_producer_end,
  kafka_producer_handle,
  kafka_producer_waiting_save,
} from './kafka_producer.ts';
import { kafka_server_service_discovery } from './kafka_server_service_discovery.ts';

const DEVICE = process.env['DEVICE'] ?? 'router';
const INTERVAL_MS = Number(process.env['INTERVAL_MS'] ?? 1000);
const COUNT = Number(process.env['COUNT'] ?? Number.POSITIVE_INFINITY);
/** What a signal leaves for messages on their way. */
const LAST_FLUSH_MS = 300;

let run = true;
let full = false;

function main(): number {
  signal('SIGINT', () => {
    run = false;
  });
  signal('SIGTERM', () => {
    run = false;
  });
  if (kafka_server_service_discovery() !== 1) {
    console.error('no brokers are published');
    return 1;
  }
  // Sending waits when the queue is full, which it is when brokers were away for long.
  kafka_producer_waiting_save(() => {
    if (!full) console.error('the queue is full');
    full = true;
    return run && kafka_server_service_discovery() >= 0;
  });
  const sent = report();
  const rk = kafka_producer_handle();
  if (rk) rd_kafka_flush(rk, LAST_FLUSH_MS);
  kafka_producer_end(); // reports what is not delivered, which counts as failed
  const { delivered, failed } = kafka_producer_counts();
  console.log(`sent ${sent}, delivered ${delivered}, failed ${failed}`);
  return delivered === sent ? 0 : 1;
}

/** Until a signal comes, or all are delivered; how many were sent. */
function report(): number {
  let sent = 0;
  let due = performance.now();
  while (run && kafka_server_service_discovery() >= 0) {
    const rk = kafka_producer_handle();
    if (!rk || (sent === COUNT && rd_kafka_outq_len(rk) === 0)) break;
    const wait = due - performance.now();
    if (sent === COUNT || wait > 0) {
      rd_kafka_poll(rk, sent === COUNT ? 100 : Math.min(100, Math.ceil(wait)));
      continue;
    }
    due += INTERVAL_MS;
    if (kafka_producer_device_status_send(DEVICE, sent, true) === 0) sent++;
    if (sent === COUNT) console.log(`all ${sent} sent`);
  }
  return sent;
}

program(import.meta.url, main);
