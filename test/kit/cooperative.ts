// Members of a cooperative group, as librdkafka's 0113 and its neighbours drive them. @thread app
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  rd_kafka_assignment_lost,
  rd_kafka_rebalance_protocol,
} from '../../src/rdkafka.ts';
import type { Config } from './builders.ts';
import { aMember, type Member, pollAll } from './member.ts';

/** A member and what its callback was told: `+2` partitions more, `-2` less, `!2` lost. */
export interface Cooperative {
  readonly member: Member;
  readonly told: string[];
}

export function cooperativeConfig(bootstrap: string, group: string, config: Config = {}): Config {
  return {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
    'partition.assignment.strategy': 'cooperative-sticky',
    'session.timeout.ms': 30_000,
    'heartbeat.interval.ms': 200,
    'fetch.wait.max.ms': 50,
    // Changes of topics are seen soon.
    'topic.metadata.refresh.interval.ms': 1000,
    'topic.metadata.propagation.max.ms': 0,
    ...config,
  };
}

/** With a rebalance_cb that does what it is asked, and checks what it is told. */
export function aCooperative(t: TestContext, config: Config): Cooperative {
  const told: string[] = [];
  const member = aMember(t, config, (of, err) => {
    expect(rd_kafka_rebalance_protocol(of.rk)).toBe('COOPERATIVE');
    const lost = rd_kafka_assignment_lost(of.rk) === 1;
    const count = of.rebalances.at(-1)!.slice(1);
    if (err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      expect(lost).toBe(false);
      told.push(`+${count}`);
    } else {
      expect(count).not.toBe('0');
      told.push(`${lost ? '!' : '-'}${count}`);
    }
  });
  return { member, told };
}

/** Partitions by all that was told: those given less those taken. */
export function net({ told }: Cooperative): number {
  return told.reduce((sum, each) => sum + (each.startsWith('+') ? Number(each.slice(1)) : -Number(each.slice(1))), 0);
}

/** How often it was told of this. */
export function times({ told }: Cooperative, sign: '+' | '-' | '!'): number {
  return told.filter((each) => each.startsWith(sign)).length;
}

/** Polls all until they hold these numbers of partitions, and no partition is held by two. */
export function untilHold(members: readonly Member[], counts: readonly number[], timeout_ms?: number): void {
  const right = (): boolean => {
    const all = members.flatMap(({ assigned }) => assigned);
    return new Set(all).size === all.length && members.every(({ assigned }, i) => assigned.length === counts[i]);
  };
  pollAll(members, `${counts.join(' and ')} partitions`, right, timeout_ms);
}
