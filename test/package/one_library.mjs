// Runs in a folder where the packed rdkafka-ts is installed: all its doors, as ES modules and as CommonJS, are one library.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const doors = process.argv.slice(2); // 'rdkafka-ts', 'rdkafka-ts/rdkafka' ...
const esm = Object.fromEntries(await Promise.all(doors.map(async (door) => [door, await import(door)])));
const cjs = Object.fromEntries(doors.map((door) => [door, require(door)]));
const plain = esm['rdkafka-ts'];
const header = esm['rdkafka-ts/rdkafka'];
const cjsPlain = cjs['rdkafka-ts'];
const cjsHeader = cjs['rdkafka-ts/rdkafka'];
let absent = 0;

function part(title, needs, run) {
  const missing = needs.filter((name) => !(name in plain));
  if (missing.length === 0) return run();
  absent++;
  console.log(`  absent: ${title}: no ${missing.join(', ')} yet`);
}

for (const door of doors) {
  assert.deepEqual(
    Object.keys(cjs[door]).sort(),
    Object.keys(esm[door]).sort(),
    `${door}: the two kinds differ in names`,
  );
  assert.ok(Object.keys(esm[door]).length > 0, `${door} is empty`);
}

await part('errors are recognised across copies', ['error_new', 'KafkaError'], () => {
  const error = cjsHeader.rd_kafka_error_new(-184, 'text');
  assert.ok(error instanceof plain.KafkaError);
  assert.ok(plain.error_new(-184, 'text') instanceof cjsPlain.KafkaError);
  assert.equal(plain.error_code(error), -184);
});

await part('a handle of one door serves in each other, with one last_error', ['new', 'producev', 'last_error'], () => {
  const conf = header.rd_kafka_conf_new();
  assert.equal(cjsPlain.conf_set(conf, 'bootstrap.servers', '127.0.0.1:9'), 0);
  assert.equal(cjsHeader.rd_kafka_conf_set(conf, 'queue.buffering.max.messages', '1'), 0);
  assert.equal(plain.conf_set(conf, 'log_level', '0'), 0);
  const rk = cjsPlain.new(plain.RD_KAFKA_PRODUCER, conf);
  assert.ok(rk);
  const topic = header.rd_kafka_topic_new(rk, 't', null);
  assert.equal(cjsHeader.rd_kafka_produce(topic, 0, header.RD_KAFKA_MSG_F_COPY, 'one', null), 0);
  assert.equal(plain.produce(topic, 0, plain.RD_KAFKA_MSG_F_COPY, 'two', null), -1);
  for (const last of [plain.last_error, cjsPlain.last_error, header.rd_kafka_last_error, cjsHeader.rd_kafka_last_error])
    assert.equal(last(), -184);
  assert.equal(header.rd_kafka_outq_len(rk), 1);
  assert.equal(cjsHeader.rd_kafka_poll(rk, 0), 0);
  header.rd_kafka_destroy(rk);
});

console.log(
  `  one library: ${doors.length} doors, ${Object.keys(plain).length} names${absent ? `, ${absent} parts absent` : ''}`,
);
