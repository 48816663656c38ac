// 0019: which groups there are, on all brokers, with their members; an end when nobody answers.
import { expect, type TestContext } from 'vitest';
import {
  out,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_err2name,
  type rd_kafka_group_list,
  rd_kafka_group_list_destroy,
  rd_kafka_list_groups,
  rd_kafka_poll_set_consumer,
  rd_kafka_subscribe,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

type Groups = rd_kafka_group_list['groups'];

/** The groups of these names, as told by a question for `one`, or for all. */
function listed(rk: rd_kafka_t, names: readonly string[], one: string | null): Groups {
  const list = out<rd_kafka_group_list>();
  expect(rd_kafka_err2name(rd_kafka_list_groups(rk, one, list, 15_000))).toBe('NO_ERROR');
  const { groups, group_cnt } = list.value;
  expect(group_cnt).toBe(groups.length);
  rd_kafka_group_list_destroy(list.value);
  return groups.filter(({ group }) => names.includes(group));
}

export async function groupsWithMembers(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const names = [crypto.randomUUID(), crypto.randomUUID()];
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const before = listed(rk, names, null);
  const members = names.map((name) => {
    const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'group.id': name, 'client.id': `of-${name}` });
    expect([rd_kafka_poll_set_consumer(c), rd_kafka_subscribe(c, [topic])]).toEqual([0, 0]);
    return c;
  });

  let groups: Groups = [];
  pollUntil(
    'both groups, stable',
    () => {
      for (const c of members) rd_kafka_consumer_poll(c, 50);
      groups = listed(rk, names, null);
    },
    () => groups.length === 2 && groups.every(({ state }) => state === 'Stable'),
  );

  expect(before).toEqual([]);
  for (const name of names) {
    const [found] = listed(rk, names, name);
    expect(found).toMatchObject({ group: name, err: 0, state: 'Stable', protocol_type: 'consumer', protocol: 'range' });
    expect(found!.broker.port).toBeGreaterThan(0);
    expect(found!.members.map(({ client_id }) => client_id)).toEqual([`of-${name}`]);
    expect(found!.members[0]!.member_metadata!.includes(topic)).toBe(true);
    expect(found!.members[0]!.member_assignment!.length).toBe(found!.members[0]!.member_assignment_size);
  }
  expect(rd_kafka_err2name(rd_kafka_list_groups(rk, null, null, 0))).toBe('_TIMED_OUT');
  for (const c of members) expect(rd_kafka_consumer_close(c)).toBe(0);
}

/** Nobody listens: the call ends all the same. */
export function nobodyToAsk(t: TestContext): void {
  const c = aConsumer(t, { 'bootstrap.servers': '127.0.0.1:1' });
  const list = out<rd_kafka_group_list>();

  const err = rd_kafka_list_groups(c, null, list, 500);

  expect(rd_kafka_err2name(err)).toBe('_TIMED_OUT');
  expect(list.value).toBeUndefined();
}
