// 0065: yield called by a report callback ends the poll that serves it; without it one poll serves all reports.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_PRODUCER,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_flush,
  rd_kafka_poll,
  rd_kafka_yield,
} from '../../../src/rdkafka.ts';
import { aConf, aHandle } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { queueMessages, ReportLog } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 100;

export async function reportsPerPoll(t: TestContext, { bootstrap }: Env, yields: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const reports = new ReportLog();
  // One batch, which goes when a further message does not fit, and not because of its age.
  const conf = aConf(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': COUNT, 'linger.ms': 600_000 });
  rd_kafka_conf_set_dr_msg_cb(conf, (rk, message) => {
    reports.take(message);
    if (yields) rd_kafka_yield(rk);
  });
  const rk = aHandle(t, RD_KAFKA_PRODUCER, conf);
  const p = { rk, reports };
  // The topic is known then: messages that wait for metadata may be divided otherwise.
  queueMessages(p, topic, 0, 0, 1);
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);
  const first = reports.all.length;

  const { opaques } = queueMessages(p, topic, 0, 1, COUNT);
  queueMessages(p, topic, 0, 1 + COUNT, 1);
  const perPoll: number[] = [];
  pollUntil(
    'all reports',
    () => {
      const before = reports.all.length;
      rd_kafka_poll(rk, 1000);
      if (reports.all.length > before) perPoll.push(reports.all.length - before);
    },
    () => reports.all.length >= first + COUNT,
  );

  reports.verify(opaques);
  expect(perPoll).toEqual(yields ? Array.from({ length: COUNT }, () => 1) : [COUNT]);
}
