// The module of the same management server that watches where the brokers are, and hands changes to kafka_producer. An
// orchestrator publishes them as KAFKA_BROKER_ADDRESS_PORT: in a file that it writes anew (KAFKA_BROKER_FILE names it),
// or in the environment. `kafka_server_service_discovery_main.ts` is a program around it.
import { readFileSync } from 'node:fs';
import { rd_kafka_brokers_add } from 'rdkafka-ts/rdkafka';
import {
  kafka_producer_handle,
  kafka_producer_init,
  kafka_producer_restart,
  kafka_serverinfo_save,
} from './kafka_producer.ts';

const VARIABLE = 'KAFKA_BROKER_ADDRESS_PORT';
const ADDRESS_PORT = /^(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}$/;
/** The file is read no more often than that. */
const LOOK_EVERY_MS = 250;

// The C module's static variables.
let known: readonly string[] = [];
let refused = '';
let looked_at = Number.NEGATIVE_INFINITY;

/** What is published now; null for nothing. */
function kafka_broker_address_port_get(): string | null {
  const file = process.env['KAFKA_BROKER_FILE'];
  if (file === undefined) return process.env[VARIABLE] ?? null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null; // it is not there yet, or is being exchanged
  }
  // A line without its end is still being written.
  const lines = text.split('\n').slice(0, -1);
  const line = lines.findLast((one) => one.startsWith(`${VARIABLE}=`));
  return line === undefined ? null : line.slice(VARIABLE.length + 1);
}

/** `host:port` with commas between; null when something in it is not that, or nothing is. */
function kafka_broker_address_port_parse(text: string): string[] | null {
  const brokers = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return brokers.length > 0 && brokers.every((one) => ADDRESS_PORT.test(one)) ? [...new Set(brokers)] : null;
}

/**
 * Looks where the brokers are, and tells the producer when that has changed: new ones are added; when none of the old ones
 * is left it begins again with the new ones, and takes along what is not delivered. Call it as often as you like, from
 * the thread that produces. 1: it has changed; 0: it has not, or what is published makes no sense; -1: the producer could
 * not begin.
 */
export function kafka_server_service_discovery(): number {
  const now = performance.now();
  if (now - looked_at < LOOK_EVERY_MS) return 0;
  looked_at = now;
  const text = kafka_broker_address_port_get();
  if (text === null) return 0;
  const brokers = kafka_broker_address_port_parse(text);
  if (brokers === null) {
    if (text !== refused) console.error(`service discovery: no list of brokers: ${text}`);
    refused = text;
    return 0;
  }
  const fresh = brokers.filter((one) => !known.includes(one));
  const left = known.some((one) => brokers.includes(one));
  const same = fresh.length === 0 && brokers.length === known.length;
  if (same) return 0;
  const began = known.length > 0;
  known = brokers;
  kafka_serverinfo_save(brokers.join(','));
  return kafka_producer_brokers_changed(fresh, began && !left) === 0 ? 1 : -1;
}

function kafka_producer_brokers_changed(fresh: readonly string[], all: boolean): number {
  const rk = kafka_producer_handle();
  if (rk === null) return kafka_producer_init();
  if (all) {
    console.log(`service discovery: restart with ${fresh.join(',')}`);
    return kafka_producer_restart();
  }
  if (fresh.length > 0) {
    const added = rd_kafka_brokers_add(rk, fresh.join(','));
    console.log(`service discovery: added ${fresh.join(',')} (${added})`);
  }
  return 0;
}
