// 0058: log_cb is called by the calls that serve the handle, and by nothing else. Needs no broker.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_PRODUCER,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_log_cb,
  rd_kafka_flush,
  rd_kafka_name,
  rd_kafka_poll,
} from '../../../src/rdkafka.ts';
import { aHandle } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { until } from '../until.ts';

interface Line {
  readonly name: string;
  readonly level: number;
  readonly fac: string;
  readonly text: string;
}

/** A producer that can't reach a broker and says so; nothing of the kit's is in its way. */
function logging(t: TestContext): { rk: ReturnType<typeof aHandle>; lines: Line[] } {
  const lines: Line[] = [];
  const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, 'bootstrap.servers', '127.0.0.1:1');
  rd_kafka_conf_set(conf, 'debug', 'generic,broker');
  rd_kafka_conf_set_log_cb(conf, (rk, level, fac, text) => {
    lines.push({ name: rd_kafka_name(rk), level, fac, text });
  });
  return { rk: aHandle(t, RD_KAFKA_PRODUCER, conf), lines };
}

export async function logsOnlyWhileServed(t: TestContext): Promise<void> {
  const { rk, lines } = logging(t);
  // Its own timers and ports have all had their turns: the lines are there, and wait.
  let turns = 0;
  await until(() => ++turns > 300, { what: 'the event loop to turn' });
  const before = lines.length;

  pollUntil(
    'log lines',
    () => rd_kafka_poll(rk, 100),
    () => lines.length > 0,
  );

  expect(before).toBe(0);
  expect(lines[0]).toMatchObject({ name: rd_kafka_name(rk), fac: expect.stringMatching(/^[A-Z_]+$/) });
}

export function flushServesLogs(t: TestContext): void {
  const { rk, lines } = logging(t);

  pollUntil(
    'log lines',
    () => rd_kafka_flush(rk, 100),
    () => lines.length > 0,
  );

  expect(lines.every(({ level }) => level >= 0 && level <= 7)).toBe(true);
}
