// Who a consumer is to its group, and the incremental calls' refusals, through the public functions.
import { expect, test } from 'vitest';
import {
  out,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_RESP_ERR__BAD_MSG,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,
  rd_kafka_consumer_close,
  rd_kafka_consumer_group_metadata,
  rd_kafka_consumer_group_metadata_async,
  rd_kafka_consumer_group_metadata_destroy,
  rd_kafka_consumer_group_metadata_generation_id,
  rd_kafka_consumer_group_metadata_group_id,
  rd_kafka_consumer_group_metadata_group_instance_id,
  rd_kafka_consumer_group_metadata_member_id,
  rd_kafka_consumer_group_metadata_new,
  rd_kafka_consumer_group_metadata_new_with_genid,
  rd_kafka_consumer_group_metadata_read,
  type rd_kafka_consumer_group_metadata_t,
  rd_kafka_consumer_group_metadata_write,
  rd_kafka_error_code,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_assign_async,
  rd_kafka_incremental_unassign,
  rd_kafka_incremental_unassign_async,
  rd_kafka_memberid,
  rd_kafka_rebalance_protocol,
  rd_kafka_rebalance_protocol_async,
} from '../../src/rdkafka.ts';
import { aCluster, aConf, aConsumer, aHandle, aProducer } from '../kit/builders.ts';
import { Member, pollAll } from '../kit/member.ts';
import { freshTopic } from '../kit/topics.ts';

function partsOf(metadata: rd_kafka_consumer_group_metadata_t): unknown[] {
  return [
    rd_kafka_consumer_group_metadata_group_id(metadata),
    rd_kafka_consumer_group_metadata_generation_id(metadata),
    rd_kafka_consumer_group_metadata_member_id(metadata),
    rd_kafka_consumer_group_metadata_group_instance_id(metadata),
  ];
}

test('of a consumer they are what its group has made it', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const config = { 'bootstrap.servers': bootstrap, 'group.id': 'g', 'group.instance.id': 'i' };
  const member = new Member(t, config);
  expect(partsOf(rd_kafka_consumer_group_metadata(member.rk)!)).toEqual(['g', -1, '', 'i']);

  member.subscribe(topic);
  pollAll([member], 'the assignment', () => member.assigned.length === 1);

  const now = ['g', 1, rd_kafka_memberid(member.rk), 'i'];
  expect(partsOf(rd_kafka_consumer_group_metadata(member.rk)!)).toEqual(now);
  expect(partsOf((await rd_kafka_consumer_group_metadata_async(member.rk))!)).toEqual(now);
  expect(now[2]).not.toBe('');
});

test('there are none of a consumer without group.id, and of a producer', (t) => {
  const lone = aHandle(t, RD_KAFKA_CONSUMER, aConf(t));
  const { rk } = aProducer(t);

  expect([rd_kafka_consumer_group_metadata(lone), rd_kafka_consumer_group_metadata(rk)]).toEqual([null, null]);
  expect([rd_kafka_rebalance_protocol(lone), rd_kafka_memberid(lone)]).toEqual([null, null]);
});

test('those that are made go there and back through bytes', () => {
  const made = rd_kafka_consumer_group_metadata_new_with_genid('g', 7, 'm', null);
  const buffer = out<Buffer | null>();
  const read = out<rd_kafka_consumer_group_metadata_t>();

  expect(rd_kafka_consumer_group_metadata_write(made, buffer)).toBeNull();
  expect(rd_kafka_consumer_group_metadata_read(read, buffer.value)).toBeNull();

  expect(partsOf(read.value)).toEqual(['g', 7, 'm', null]);
  expect(partsOf(rd_kafka_consumer_group_metadata_new('h'))).toEqual(['h', -1, '', null]);
  const error = rd_kafka_consumer_group_metadata_read(read, 'CGMDv2');
  expect([rd_kafka_error_code(error), error!.message]).toEqual([RD_KAFKA_RESP_ERR__BAD_MSG, 'the buffer: too short']);
});

test('once destroyed they can not be used', () => {
  const made = rd_kafka_consumer_group_metadata_new('g');

  rd_kafka_consumer_group_metadata_destroy(made);

  expect(() => rd_kafka_consumer_group_metadata_group_id(made)).toThrow('group_metadata');
});

test('the incremental calls are refused as in librdkafka', async (t) => {
  const lone = aHandle(t, RD_KAFKA_CONSUMER, aConf(t));
  const rk = aConsumer(t, { 'group.id': 'g' });
  const one = [{ topic: 't', partition: 0 }];
  const codes = [
    rd_kafka_incremental_assign(lone, one),
    rd_kafka_incremental_unassign(rk, one),
    rd_kafka_incremental_assign(rk, [...one, ...one]),
    rd_kafka_incremental_assign(rk, [{ topic: 't', partition: 0, offset: -7 }]),
    rd_kafka_incremental_assign(rk, []),
    rd_kafka_incremental_unassign(rk, []),
  ].map((error) => rd_kafka_error_code(error));
  const invalid = RD_KAFKA_RESP_ERR__INVALID_ARG;
  expect(codes).toEqual([RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, invalid, invalid, invalid, 0, 0]);

  await rd_kafka_incremental_assign_async(rk, []);
  await expect(rd_kafka_incremental_unassign_async(rk, one)).rejects.toMatchObject({ code: invalid });
  expect(await rd_kafka_rebalance_protocol_async(rk)).toBe('NONE');
  expect(rd_kafka_consumer_close(rk)).toBe(0);
  expect(rd_kafka_error_code(rd_kafka_incremental_assign(rk, one))).toBe(RD_KAFKA_RESP_ERR__DESTROY);
});
