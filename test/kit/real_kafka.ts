// Global setup of the project `real`: the broker named by KAFKA_BOOTSTRAP, else one of our own, started and stopped here.
import type { TestProject } from 'vitest/node';
import { startKafka } from '../../scripts/kafka.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `bootstrap.servers` of the real Kafka: `inject('bootstrap')`. */
    bootstrap: string;
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['KAFKA_BOOTSTRAP'];
  if (given) {
    project.provide('bootstrap', given);
    return undefined;
  }
  // Members of KIP-848 groups hear of changes by their heartbeats.
  const config = { 'group.consumer.heartbeat.interval.ms': 500, 'group.consumer.min.heartbeat.interval.ms': 100 };
  const kafka = await startKafka({ progress: console.log, config });
  project.provide('bootstrap', kafka.bootstrap);
  return () => kafka.stop();
}
