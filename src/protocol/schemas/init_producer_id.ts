// Producer id and epoch for idempotence and transactions. Version 6 is unstable in Kafka 4.1.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const INIT_PRODUCER_ID: Api = api(22, 'InitProducerId', '0-5 6', 2, [
  f('transactionalId', 'string', '0+', { nullable: '0+' }),
  f('transactionTimeoutMs', 'int32', '0+'),
  f('producerId', 'int64', '3+', { default: -1 }),
  f('producerEpoch', 'int16', '3+', { default: -1 }),
  f('enable2Pc', 'bool', '6+'),
  f('keepPreparedTxn', 'bool', '6+'),
], [
  f('throttleTimeMs', 'int32', '0+', { ignorable: true }),
  f('errorCode', 'int16', '0+'),
  f('producerId', 'int64', '0+', { default: -1 }),
  f('producerEpoch', 'int16', '0+'),
  f('ongoingTxnProducerId', 'int64', '6+', { default: -1 }),
  f('ongoingTxnProducerEpoch', 'int16', '6+', { default: -1 }),
]);
