// A program that blocks, as a user writes it: reads a line, waits for SIGTERM in consumer_poll, ends with its own code.
// needs: conf_new conf_set new consumer_poll destroy last_error
import * as rdkafka from 'rdkafka-ts';
import { getline, program, signal, stdout } from 'rdkafka-ts/program';

function main(argv: string[]): number {
  let run = true;
  signal('SIGTERM', (name: NodeJS.Signals) => {
    run = false;
    stdout.write(`${name}\n`);
  });
  const conf = rdkafka.conf_new();
  for (const [name, value] of [
    ['bootstrap.servers', '127.0.0.1:1'],
    ['group.id', 'g'],
    ['log_level', '0'],
  ] as const)
    if (rdkafka.conf_set(conf, name, value) !== rdkafka.RD_KAFKA_CONF_OK) return 1;
  const rk = rdkafka.new(rdkafka.RD_KAFKA_CONSUMER, conf);
  if (!rk) return 1;
  stdout.write(`<${getline()}> ${argv.slice(1).join(' ')}\n`);
  while (run) rdkafka.consumer_poll(rk, -1);
  const code = rdkafka.last_error() === rdkafka.RD_KAFKA_RESP_ERR__INTR ? 5 : 2;
  rdkafka.destroy(rk);
  return code;
}

program(import.meta.url, main);
