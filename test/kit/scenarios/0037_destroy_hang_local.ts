// 0037: a consumer without a group ends right after it was made, with a topic, and with a partition that was started.
import type { TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aSimpleConsumer, start, topicOf } from '../simple.ts';
import type { Env } from './env.ts';

export function endsAtOnce(t: TestContext, { bootstrap }: Partial<Env>, how: 'bare' | 'topic' | 'started'): void {
  const rk = aSimpleConsumer(t, bootstrap === undefined ? {} : { 'bootstrap.servers': bootstrap });
  if (how !== 'bare') {
    const rkt = topicOf(rk, 'early');
    if (how === 'started') start(rkt, 0, 0);
    k.rd_kafka_topic_destroy(rkt);
  }
  k.rd_kafka_destroy(rk);
}
