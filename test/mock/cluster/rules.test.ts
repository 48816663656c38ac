// The mock against what Apache Kafka answered to the same requests (test/golden/rules.json, written by test/real).
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TRANSACTIONAL } from '../../../src/records/batch_header.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { type Transactions, tryRule } from '../../kit/rules/peer.ts';
import { RULES } from '../../kit/rules/rules.ts';
import { aMockCluster } from './kit.ts';

const known: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../golden/rules.json', import.meta.url), 'utf8'),
);

test('Kafka has answered to every rule', () => {
  expect(Object.keys(known).sort()).toEqual(Object.keys(RULES).sort());
});

test.each(Object.keys(RULES))('%s', async (name) => {
  const { cluster, commands } = await aMockCluster();
  const transactions: Transactions = async (_bootstrap, topic) => {
    const { producerId, producerEpoch } = cluster.producerIds.init(`txn-${randomUUID()}`, -1, -1);
    let used = new Set<number>();
    let baseSequence = 0;
    const send = async (partition: number): Promise<void> => {
      const options = { producerId, producerEpoch, baseSequence: baseSequence++, attributes: TRANSACTIONAL };
      commands.put_batch(cluster, topic, partition, writeBatch([{ value: 'v', timestamp: Date.now() }], options));
      used.add(partition);
    };
    const end = async (committed: boolean): Promise<void> => {
      for (const partition of used) {
        commands.end_transaction(cluster, topic, partition, producerId, producerEpoch, committed);
      }
      used = new Set();
    };
    return { send, end };
  };

  const found = await tryRule(cluster.broker(1)!.port, RULES[name]!, transactions);

  expect(found).toEqual(known[name]);
});
