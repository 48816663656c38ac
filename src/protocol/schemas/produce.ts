// Record batches to the leaders of partitions. Versions below 3 carry the old record formats, which we never write.
// From version 13 topics go by id.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const PRODUCE: Api = api(0, 'Produce', '3-13', 9, [
  f('transactionalId', 'string', '3+', { nullable: '3+', default: null }),
  f('acks', 'int16', '0+'),
  f('timeoutMs', 'int32', '0+'),
  f('topicData', '[]TopicProduceData', '0+', {}, [
    f('name', 'string', '0-12', { ignorable: true }),
    f('topicId', 'uuid', '13+', { ignorable: true }),
    f('partitionData', '[]PartitionProduceData', '0+', {}, [
      f('index', 'int32', '0+'),
      f('records', 'records', '0+', { nullable: '0+' }),
    ]),
  ]),
], [
  f('responses', '[]TopicProduceResponse', '0+', {}, [
    f('name', 'string', '0-12', { ignorable: true }),
    f('topicId', 'uuid', '13+', { ignorable: true }),
    f('partitionResponses', '[]PartitionProduceResponse', '0+', {}, [
      f('index', 'int32', '0+'),
      f('errorCode', 'int16', '0+'),
      f('baseOffset', 'int64', '0+'),
      f('logAppendTimeMs', 'int64', '2+', { default: -1, ignorable: true }),
      f('logStartOffset', 'int64', '5+', { default: -1, ignorable: true }),
      f('recordErrors', '[]BatchIndexAndErrorMessage', '8+', { ignorable: true }, [
        f('batchIndex', 'int32', '8+'),
        f('batchIndexErrorMessage', 'string', '8+', { nullable: '8+', default: null }),
      ]),
      f('errorMessage', 'string', '8+', { nullable: '8+', default: null, ignorable: true }),
      f('currentLeader', 'LeaderIdAndEpoch', '10+', { tag: 0 }, [
        f('leaderId', 'int32', '10+', { default: -1 }),
        f('leaderEpoch', 'int32', '10+', { default: -1 }),
      ]),
    ]),
  ]),
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('nodeEndpoints', '[]NodeEndpoint', '10+', { tag: 0 }, [
    f('nodeId', 'int32', '10+'),
    f('host', 'string', '10+'),
    f('port', 'int32', '10+'),
    f('rack', 'string', '10+', { nullable: '10+', default: null }),
  ]),
]);
