// A C module of a network-management server, ported function by function: what its devices report goes into Kafka.
// Names and order are the C module's; `rdkafka-ts/rdkafka` has every function of rdkafka.h under its name, so both can
// be read side by side. Like the C module it never returns to an event loop between sends: it only ever calls
// producev and poll. `kafka_producer_main.ts` is a program around it.
import { closeSync, openSync, writeSync } from 'node:fs';
import {
  type Bytes,
  out,
  RD_KAFKA_CERT_ENC_PEM,
  RD_KAFKA_CERT_PRIVATE_KEY,
  RD_KAFKA_CERT_PUBLIC_KEY,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_MSG_F_COPY,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_PURGE_F_INFLIGHT,
  RD_KAFKA_PURGE_F_QUEUE,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
  RD_KAFKA_RESP_ERR__PURGE_QUEUE,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  RD_KAFKA_V_END,
  RD_KAFKA_V_HEADERS,
  RD_KAFKA_V_KEY,
  RD_KAFKA_V_MSGFLAGS,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_brokers_add,
  rd_kafka_conf_destroy,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_conf_set_log_cb,
  rd_kafka_conf_set_ssl_cert,
  type rd_kafka_conf_t,
  rd_kafka_destroy,
  rd_kafka_dump,
  rd_kafka_err2str,
  rd_kafka_flush,
  rd_kafka_header_add,
  rd_kafka_headers_destroy,
  rd_kafka_headers_new,
  type rd_kafka_headers_t,
  rd_kafka_message_detach_headers,
  type rd_kafka_message_t,
  rd_kafka_new,
  rd_kafka_outq_len,
  rd_kafka_poll,
  rd_kafka_producev,
  rd_kafka_purge,
  type rd_kafka_resp_err_t,
  type rd_kafka_t,
  rd_kafka_topic_name,
} from 'rdkafka-ts/rdkafka';

export const TOPIC_DEVICE_NOTIFICATIONS = 'device-notifications';
export const TOPIC_SNMP_DATA = 'snmp-data';

/** `struct kafka_header`: where a message goes, and what its eight headers say. */
export interface kafka_header {
  topic: string;
  key: string | null;
  msg_type: number;
  src: string;
  dest: string;
  req_id: number;
  msg_sub_type: number;
  op: number;
  first: number;
  last: number;
}

/** `struct kafka_tls`: PEM texts. */
export interface kafka_tls {
  certificate: Bytes;
  private_key: Bytes;
}

const MSG_TYPE_STATUS = 1;
const MSG_TYPE_IP = 2;
const MSG_TYPE_SNMP = 3;
const DUMP_FILE = 'kafka_producer.dump';
/** What a restart gives the old handle to deliver what it still can. */
const RESTART_FLUSH_MS = 1000;

/** What a restart takes from the old handle for the new one. */
interface kafka_kept {
  topic: string;
  key: Buffer | null;
  payload: Buffer | null;
  headers: rd_kafka_headers_t | null;
}

// The C module's static variables.
let rk: rd_kafka_t | null = null;
let brokers = '';
let tls: kafka_tls | null = null;
let partition = RD_KAFKA_PARTITION_UA;
let delivered = 0;
let failed = 0;
let waiting = (): boolean => true;
let restarting = false;
let kept: kafka_kept[] = [];

/** Keeps the broker list for the next init: `host:port`, with commas between. */
export function kafka_serverinfo_save(servers: string): void {
  brokers = servers;
}

/** Keeps what TLS needs for the next init; null turns it off. */
export function kafka_tls_save(certificates: kafka_tls | null): void {
  tls = certificates;
}

/** The partition that all messages go to; RD_KAFKA_PARTITION_UA leaves it to the partitioner. */
export function kafka_partition_save(configured: number): void {
  partition = configured;
}

/**
 * What to do while a message waits for room in a full queue: false gives the message up. In C another thread looks where
 * the brokers are meanwhile, and a signal's handler runs at any time; here the one thread has to look.
 */
export function kafka_producer_waiting_save(look: () => boolean): void {
  waiting = look;
}

function logger(_rk: rd_kafka_t | null, level: number, fac: string, buf: string): void {
  console.error(`kafka_producer: ${level} ${fac}: ${buf}`);
}

function kafka_producer_tls_init(conf: rd_kafka_conf_t, { certificate, private_key }: kafka_tls): number {
  const errstr = out('');
  if (
    rd_kafka_conf_set(conf, 'security.protocol', 'SSL', errstr) !== RD_KAFKA_CONF_OK ||
    rd_kafka_conf_set_ssl_cert(conf, RD_KAFKA_CERT_PUBLIC_KEY, RD_KAFKA_CERT_ENC_PEM, certificate, errstr) !==
      RD_KAFKA_CONF_OK ||
    rd_kafka_conf_set_ssl_cert(conf, RD_KAFKA_CERT_PRIVATE_KEY, RD_KAFKA_CERT_ENC_PEM, private_key, errstr) !==
      RD_KAFKA_CONF_OK
  ) {
    console.error(`kafka_producer: TLS: ${errstr.value}`);
    return -1;
  }
  return 0;
}

/** 0, or -1 and a line that says why. With TLS rd_kafka_new refuses for now: the library does not speak it yet. */
export function kafka_producer_init(): number {
  if (rk) return 0;
  const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, logger);
  rd_kafka_conf_set_dr_msg_cb(conf, msg_delivered);
  if (tls && kafka_producer_tls_init(conf, tls) !== 0) {
    rd_kafka_conf_destroy(conf);
    return -1;
  }
  const errstr = out('');
  rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr);
  if (!rk) {
    console.error(`kafka_producer: rd_kafka_new: ${errstr.value}`);
    rd_kafka_conf_destroy(conf); // only a successful rd_kafka_new takes it over
    return -1;
  }
  if (rd_kafka_brokers_add(rk, brokers) === 0) {
    console.error(`kafka_producer: no valid brokers in "${brokers}"`);
    kafka_producer_end();
    return -1;
  }
  kafka_producer_send_kept(rk);
  return 0;
}

/** True once there is a handle. */
export function kafka_producer_status(): boolean {
  return rk !== null;
}

/** Hands one message over; 0, or -1 when it was refused or there is nothing to send or nobody to send it. */
export function kafka_producer_send(header: kafka_header | null, payload: Uint8Array | null, len: number): number {
  if (!header || !payload || !rk || header.topic === '') return -1;
  const headers = kafka_producer_header_new(header);
  let err: rd_kafka_resp_err_t;
  for (;;) {
    err = rd_kafka_producev(
      rk,
      RD_KAFKA_V_PARTITION(partition),
      RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_KEY(header.key),
      RD_KAFKA_V_VALUE(payload.subarray(0, len)),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_TOPIC(header.topic),
      RD_KAFKA_V_END,
    );
    if (err !== RD_KAFKA_RESP_ERR__QUEUE_FULL) break;
    rd_kafka_poll(rk, 500); // serves reports, which makes room
    if (!waiting() || !kafka_producer_status()) break;
  }
  if (err) {
    console.error(`kafka_producer: producev to ${header.topic}: ${rd_kafka_err2str(err)}`);
    rd_kafka_headers_destroy(headers); // a message that was accepted would have taken them over
    if (err === RD_KAFKA_RESP_ERR__FATAL) {
      kafka_producer_dump(rk);
      kafka_producer_restart();
    }
    return -1;
  }
  rd_kafka_poll(rk, 0);
  return 0;
}

/** `sizeof(int)` bytes as they lie in memory on the machines that the C module runs on. */
function int_bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

export function kafka_producer_header_new(header: kafka_header): rd_kafka_headers_t {
  const headers = rd_kafka_headers_new(8);
  rd_kafka_header_add(headers, 'msg_type', int_bytes(header.msg_type));
  rd_kafka_header_add(headers, 'src', header.src);
  rd_kafka_header_add(headers, 'dest', header.dest);
  rd_kafka_header_add(headers, 'req_id', int_bytes(header.req_id));
  rd_kafka_header_add(headers, 'msg_sub_type', int_bytes(header.msg_sub_type));
  rd_kafka_header_add(headers, 'op', int_bytes(header.op));
  rd_kafka_header_add(headers, 'first', int_bytes(header.first));
  rd_kafka_header_add(headers, 'last', int_bytes(header.last));
  return headers;
}

function msg_delivered(_rk: rd_kafka_t, rkmessage: rd_kafka_message_t, _opaque: any): void {
  if (restarting && kafka_producer_keep(rkmessage)) return;
  if (rkmessage.err) {
    if (failed++ % 100 === 0)
      console.error(`kafka_producer: delivery failed (${failed} so far): ${rd_kafka_err2str(rkmessage.err)}`);
    return;
  }
  delivered++;
  console.log(
    `kafka_producer: delivered ${rkmessage.len} bytes, offset ${rkmessage.offset}, partition ${rkmessage.partition}`,
  );
}

function kafka_producer_dump(handle: rd_kafka_t): void {
  const fd = openSync(DUMP_FILE, 'w');
  rd_kafka_dump({ write: (text: string) => writeSync(fd, text) }, handle);
  closeSync(fd);
}

/**
 * Destroys the handle and initialises again. rd_kafka_destroy gives up what is not delivered; so that is purged before,
 * its reports are waited for, and the new handle gets it. What was on its way may be in the log already: it is then there
 * twice (at least once).
 */
export function kafka_producer_restart(): number {
  if (rk) {
    rd_kafka_flush(rk, RESTART_FLUSH_MS);
    restarting = true;
    rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(rk) > 0) rd_kafka_poll(rk, 100);
    restarting = false;
  }
  kafka_producer_end();
  return kafka_producer_init();
}

/** In a restart: takes a message that was given up out of its report. */
function kafka_producer_keep(rkmessage: rd_kafka_message_t): boolean {
  const { err, key, payload } = rkmessage;
  if (err !== RD_KAFKA_RESP_ERR__PURGE_QUEUE && err !== RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) return false;
  const headers = out<rd_kafka_headers_t>();
  rd_kafka_message_detach_headers(rkmessage, headers);
  kept.push({ topic: rd_kafka_topic_name(rkmessage.rkt!), key, payload, headers: headers.value ?? null });
  return true;
}

/** There is room for all of it, since the old handle had room for it. */
function kafka_producer_send_kept(handle: rd_kafka_t): void {
  const messages = kept;
  kept = [];
  for (const { topic, key, payload, headers } of messages) {
    const err = rd_kafka_producev(
      handle,
      RD_KAFKA_V_PARTITION(partition),
      RD_KAFKA_V_KEY(key),
      RD_KAFKA_V_VALUE(payload),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_TOPIC(topic),
      ...(headers ? [RD_KAFKA_V_HEADERS(headers)] : []),
      RD_KAFKA_V_END,
    );
    if (!err) continue;
    failed++;
    console.error(`kafka_producer: a kept message to ${topic} is lost: ${rd_kafka_err2str(err)}`);
    if (headers) rd_kafka_headers_destroy(headers);
  }
}

export function kafka_producer_end(): void {
  const handle = rk;
  rk = null;
  if (handle) rd_kafka_destroy(handle);
}

/** For main, which flushes it. */
export function kafka_producer_handle(): rd_kafka_t | null {
  return rk;
}

/** Messages reported so far: delivered, and not. */
export function kafka_producer_counts(): { delivered: number; failed: number } {
  return { delivered, failed };
}

function kafka_producer_payload_send(header: kafka_header, payload: object): number {
  const bytes = Buffer.from(JSON.stringify(payload));
  return kafka_producer_send(header, bytes, bytes.length);
}

export function kafka_producer_device_status_send(device: string, req_id: number, online: boolean): number {
  const topic = TOPIC_DEVICE_NOTIFICATIONS;
  const header = kafka_header_of(topic, device, MSG_TYPE_STATUS, req_id);
  return kafka_producer_payload_send({ ...header, msg_sub_type: online ? 1 : 0 }, { device, online });
}

export function kafka_producer_ip_assignment_send(device: string, req_id: number, address: string): number {
  const header = kafka_header_of(TOPIC_DEVICE_NOTIFICATIONS, device, MSG_TYPE_IP, req_id);
  return kafka_producer_payload_send(header, { device, address });
}

export function kafka_producer_snmp_data_send(device: string, req_id: number, oid: string, value: number): number {
  const header = kafka_header_of(TOPIC_SNMP_DATA, device, MSG_TYPE_SNMP, req_id);
  return kafka_producer_payload_send(header, { device, oid, value });
}

function kafka_header_of(topic: string, device: string, msg_type: number, req_id: number): kafka_header {
  return {
    topic,
    key: device,
    msg_type,
    src: device,
    dest: 'server',
    req_id,
    msg_sub_type: 0,
    op: 0,
    first: 1,
    last: 1,
  };
}
