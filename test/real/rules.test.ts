// What Apache Kafka answers to the rules of test/kit/rules: the same as it did when test/golden/rules.json was written.
// RECORD_RULES=1 writes it anew; test/mock/cluster/rules.test.ts compares the mock with it.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Transaction } from 'kafkajs';
import { afterAll, expect, inject, test } from 'vitest';
import { aKafkajs } from '../kit/kafkajs.ts';
import { withClient } from '../kit/raw_client.ts';
import { PATIENCE_MS, type Transactions, tryRule } from '../kit/rules/peer.ts';
import { RULES } from '../kit/rules/rules.ts';
import { until } from '../kit/until.ts';

const golden = new URL('../golden/rules.json', import.meta.url);
const record = process.env['RECORD_RULES'] === '1';
const known: Record<string, unknown> = JSON.parse(readFileSync(golden, 'utf8'));
const found: Record<string, unknown> = {};

async function endOf(bootstrap: string, name: string, partitionIndex: number, isolationLevel = 0): Promise<number> {
  const body = { replicaId: -1, isolationLevel, topics: [{ name, partitions: [{ partitionIndex, timestamp: -1 }] }] };
  const { topics } = await withClient(bootstrap, PATIENCE_MS, (client) => client.send('ListOffsets', body));
  return topics[0]!.partitions[0]!.offset;
}

/** By kafkajs: we do not write in transactions yet. */
const transactions: Transactions = async (bootstrap, topic) => {
  const transactionalId = `rule-${randomUUID()}`;
  const producer = aKafkajs(bootstrap).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let current: Transaction | null = null;
  const touched = new Set<number>();
  const endsOf = async (partition: number) =>
    [await endOf(bootstrap, topic, partition), await endOf(bootstrap, topic, partition, 1)] as const;
  return {
    send: async (partition) => {
      current ??= await producer.transaction();
      await current.send({ topic, messages: [{ partition, value: 'v' }] });
      touched.add(partition);
    },
    end: async (committed) => {
      const before: (readonly [partition: number, end: number, stable: number])[] = [];
      for (const partition of touched) before.push([partition, ...(await endsOf(partition))]);
      touched.clear();
      await (committed ? current?.commit() : current?.abort());
      current = null;
      // Its marker, and what is stable, follow a moment later; rules end the oldest transaction first.
      for (const [partition, end, stable] of before) {
        const marked = async () => {
          const [newEnd, newStable] = await endsOf(partition);
          return newEnd > end && newStable > stable;
        };
        await until(marked, { what: 'the marker', deadline_ms: PATIENCE_MS });
      }
    },
  };
};

test.each(Object.keys(RULES))('%s', async (name) => {
  const port = Number(inject('bootstrap').split(',')[0]?.split(':')[1]);

  found[name] = await tryRule(port, RULES[name]!, transactions);

  if (!record) expect(found[name]).toEqual(known[name]);
});

afterAll(() => {
  if (!record) return;
  const all = Object.fromEntries(Object.keys(RULES).map((name) => [name, found[name] ?? known[name] ?? null]));
  const lines = Object.entries(all).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  writeFileSync(golden, `{\n${lines.join(',\n')}\n}\n`);
});
