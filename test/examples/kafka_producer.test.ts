// The ported C module, function by function.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, type TestContext, test, vi } from 'vitest';
import * as producer from '../../examples/kafka_producer.ts';
import {
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
  rd_kafka_flush,
  rd_kafka_header_cnt,
  rd_kafka_test_fatal_error,
} from '../../src/rdkafka.ts';
import { aCluster } from '../kit/builders.ts';
import { readTopic } from '../kit/read_topic.ts';

const HEADER: producer.kafka_header = {
  topic: 'device-notifications',
  key: 'device',
  msg_type: 1,
  src: 'device',
  dest: 'server',
  req_id: 7,
  msg_sub_type: 0,
  op: 0,
  first: 1,
  last: 1,
};
/** Made for this test by openssl, of a key that was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUSleBl/cNn+U0l70eLjFFWujB+jcwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZXhhbXBsZTAeFw0yNjExMjExNDQ1MjhaFw00NjExMTYxNDQ1
MjhaMBIxEDAOBgNVBAMMB2V4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARVmTer9uLOahwNld6WLPgXGh9ePEC/MevQPCzpL7Tut/jqihbCaFd753Fq4fu4
uGoXMUCJuiS3lG2jqEbens19o1MwUTAdBgNVHQ4EFgQUR4YmUR4bjaMTy8icfvlV
lnG+DTIwHwYDVR0jBBgwFoAUR4YmUR4bjaMTy8icfvlVlnG+DTIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEApKhD8HQLmYuqLMMxZE+0BxUiMGwL
6P/YcDyahd1b/BECIQD0yhfIl8Tox2lH2cns3j54YXUvmsDwiwU9NZA9Ac3HHw==
-----END CERTIFICATE-----
`;
const PAYLOAD = Buffer.from('payload and more');

/** What the module has written on stderr. */
let errors: string[];
let dir: string;
const home = process.cwd();

beforeEach(() => {
  errors = [];
  vi.spyOn(console, 'error').mockImplementation((text) => void errors.push(String(text)));
  vi.spyOn(console, 'log').mockImplementation(() => {});
  dir = mkdtempSync(join(tmpdir(), 'kafka-producer-'));
  process.chdir(dir);
});

afterEach(() => {
  producer.kafka_producer_end();
  producer.kafka_tls_save(null);
  producer.kafka_partition_save(RD_KAFKA_PARTITION_UA);
  process.chdir(home);
  rmSync(dir, { recursive: true });
  vi.restoreAllMocks();
});

function init(t: TestContext): string {
  const { bootstrap } = aCluster(t);
  // Ended before the builders look for what is left.
  t.onTestFinished(() => producer.kafka_producer_end());
  producer.kafka_serverinfo_save(bootstrap);
  expect(producer.kafka_producer_init()).toBe(0);
  return bootstrap;
}

test('nothing is sent before init, and status says so', () => {
  expect(producer.kafka_producer_status()).toBe(false);
  expect(producer.kafka_producer_send(HEADER, PAYLOAD, PAYLOAD.length)).toBe(-1);
});

test('a missing header, a missing payload and an empty topic are refused', (t) => {
  init(t);

  const results = [
    producer.kafka_producer_send(null, PAYLOAD, 1),
    producer.kafka_producer_send(HEADER, null, 0),
    producer.kafka_producer_send({ ...HEADER, topic: '' }, PAYLOAD, 1),
  ];

  expect(producer.kafka_producer_status()).toBe(true);
  expect(results).toEqual([-1, -1, -1]);
});

test('a message has as many bytes as its length says, and lands in the configured partition', async (t) => {
  const bootstrap = init(t);
  producer.kafka_partition_save(2);

  expect(producer.kafka_producer_send(HEADER, PAYLOAD, 7)).toBe(0);
  expect(rd_kafka_flush(producer.kafka_producer_handle()!, 15_000)).toBe(0);

  const { records } = await readTopic(bootstrap, HEADER.topic);
  expect(records.map(({ value, partition }) => [String(value), partition])).toEqual([['payload', 2]]);
});

test('a header becomes eight headers', () => {
  expect(rd_kafka_header_cnt(producer.kafka_producer_header_new(HEADER))).toBe(8);
});

test('a message to a partition that does not exist counts as failed and is logged', (t) => {
  init(t);
  const { failed } = producer.kafka_producer_counts();
  producer.kafka_partition_save(99);

  producer.kafka_producer_send(HEADER, PAYLOAD, 7);
  rd_kafka_flush(producer.kafka_producer_handle()!, 15_000);

  expect(producer.kafka_producer_counts().failed).toBe(failed + 1);
  expect(errors.join('\n')).toContain('delivery failed');
});

test('a fatal error leaves a dump and a new handle that delivers', (t) => {
  init(t);
  const before = producer.kafka_producer_handle()!;
  rd_kafka_test_fatal_error(before, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 'by hand');

  expect(producer.kafka_producer_send(HEADER, PAYLOAD, 7)).toBe(-1);
  expect(producer.kafka_producer_send(HEADER, PAYLOAD, 7)).toBe(0);
  expect(rd_kafka_flush(producer.kafka_producer_handle()!, 15_000)).toBe(0);

  expect(producer.kafka_producer_handle()).not.toBe(before);
  expect(readFileSync('kafka_producer.dump', 'utf8')).toContain('producer');
});

test('with TLS init fails and says that it is not supported yet', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  producer.kafka_tls_save({ certificate: CERTIFICATE, private_key });

  expect(producer.kafka_producer_init()).toBe(-1);
  expect(producer.kafka_producer_status()).toBe(false);
  expect(errors.join('\n')).toContain('not supported yet');
});
