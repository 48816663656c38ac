// What a mock cluster has to say goes where its handle's log lines go.
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { conf_new, conf_set, conf_set_log_cb } from '../../src/api/conf.ts';
import { new_, poll } from '../../src/api/handle.ts';
import { mock_cluster_bootstraps, mock_cluster_new } from '../../src/api/mock.ts';
import { mock_topic_create } from '../../src/api/mock_topics.ts';
import { RD_KAFKA_PRODUCER } from '../../src/defs/enums.ts';
import type { rd_kafka_mock_cluster_t } from '../../src/defs/mock_types.ts';
import type { rd_kafka_t } from '../../src/defs/types.ts';
import { until } from '../kit/until.ts';

interface Setup {
  readonly rk: rd_kafka_t;
  readonly cluster: rd_kafka_mock_cluster_t;
  readonly lines: string[];
}

function aCluster(settings: Readonly<Record<string, string>>): Setup {
  const lines: string[] = [];
  const conf = conf_new();
  for (const [name, value] of Object.entries(settings)) conf_set(conf, name, value, null);
  conf_set_log_cb(conf, (_rk, level, fac, text) => void lines.push(`${level} ${fac} ${text}`));
  const rk = new_(RD_KAFKA_PRODUCER, conf, null) as rd_kafka_t;
  onTestFinished(() => rk[Symbol.dispose]());
  return { rk, cluster: mock_cluster_new(rk, 1) as rd_kafka_mock_cluster_t, lines };
}

test('what a mock cluster complains of comes to log_cb', async () => {
  const { rk, cluster, lines } = aCluster({});
  const socket = connect({ port: Number(mock_cluster_bootstraps(cluster).split(':')[1]), host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());

  // No request: an API key that there is none.
  socket.write(Buffer.from('0000000a7fff00000000000100007f7f', 'hex'));

  await until(() => poll(rk, 0) >= 0 && lines.some((line) => /^4 MOCK .*not served here/.test(line)), {
    what: () => `a complaint, not ${lines}`,
  });
  expect(lines.filter((line) => line.startsWith('7'))).toEqual([]);
});

test('with debug=mock its debug lines come, too', async () => {
  const { rk, cluster, lines } = aCluster({ debug: 'mock' });

  mock_topic_create(cluster, 't', 1, 1);

  await until(() => poll(rk, 0) >= 0 && lines.some((line) => /^7 MOCK .*Topic t: created/.test(line)), {
    what: () => `a debug line, not ${lines}`,
  });
});
