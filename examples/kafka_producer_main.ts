// A small program around the ported C module: reports of a few devices, then the end, all without an event loop.
// Environment: KAFKA_BOOTSTRAP, DEVICES (names, with commas between).
import { RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str, rd_kafka_flush } from 'rdkafka-ts/rdkafka';
import {
  kafka_producer_counts,
  kafka_producer_device_status_send,
  kafka_producer_end,
  kafka_producer_handle,
  kafka_producer_init,
  kafka_producer_ip_assignment_send,
  kafka_producer_snmp_data_send,
  kafka_serverinfo_save,
} from './kafka_producer.ts';

function main(): number {
  kafka_serverinfo_save(process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092');
  if (kafka_producer_init() !== 0) return 1;
  const devices = (process.env['DEVICES'] ?? 'router,switch,printer').split(',');
  let sent = 0;
  for (const [i, device] of devices.entries()) {
    if (kafka_producer_device_status_send(device, sent, true) === 0) sent++;
    if (kafka_producer_ip_assignment_send(device, sent, `192.0.2.${i % 256}`) === 0) sent++;
    if (kafka_producer_snmp_data_send(device, sent, '1.3.6.1.2.1.1.3.0', i * 100) === 0) sent++;
  }
  const rk = kafka_producer_handle();
  const err = rk ? rd_kafka_flush(rk, 15_000) : RD_KAFKA_RESP_ERR_NO_ERROR;
  if (err) console.error(`flush: ${rd_kafka_err2str(err)}`);
  kafka_producer_end();
  const { delivered, failed } = kafka_producer_counts();
  console.log(`sent ${sent}, delivered ${delivered}, failed ${failed}`);
  return delivered === sent && sent === devices.length * 3 ? 0 : 1;
}

process.exitCode = main();
