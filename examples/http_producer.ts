// An HTTP service that puts what it is sent into Kafka: `POST /orders/<key>` with any body.
// 202 when the brokers have it, 503 when they have not taken it in time. SIGTERM: delivers what it has, then ends.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, PORT.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
const MAX_BODY = 100_000;

const conf = kafka.conf_new();
for (const [name, value] of [
  ['bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'],
  ['client.id', 'http-producer'],
  // The caller waits for its answer: a message that takes longer has failed.
  ['message.timeout.ms', '10000'],
] as const) {
  const errstr = kafka.out<string>();
  if (kafka.conf_set(conf, name, value, errstr) !== kafka.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
}

// The report of each message answers the request that brought it.
kafka.conf_set_dr_msg_cb(conf, (_rk, message) => {
  const response = message._private as ServerResponse;
  if (message.err) answer(response, 503, { error: kafka.err2name(message.err), text: kafka.err2str(message.err) });
  else answer(response, 202, { topic: TOPIC, partition: message.partition, offset: message.offset });
});
kafka.conf_set_error_cb(conf, (_rk, err, reason) => console.error(`${kafka.err2name(err)}: ${reason}`));

const errstr = kafka.out<string>();
const rk = kafka.new(kafka.RD_KAFKA_PRODUCER, conf, errstr);
if (!rk) throw new Error(errstr.value);
// Callbacks run from the event loop from here on: nobody needs to call poll.
kafka.poll_start(rk);

function produce(producer: kafka.rd_kafka_t, key: string, value: Buffer, response: ServerResponse): void {
  const err = kafka.producev(producer, { topic: TOPIC, key, value, opaque: response });
  // _QUEUE_FULL: the brokers can't keep up, and the caller should come back later.
  if (err) answer(response, 503, { error: kafka.err2name(err), text: kafka.err2str(err) });
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (!server.listening) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

/** The whole body, or null when it is too long; read to its end all the same, so that the caller hears the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size <= MAX_BODY ? Buffer.concat(chunks) : null;
}

const server = createServer(async (request, response) => {
  try {
    const [, key] = /^\/orders\/([\w-]+)$/.exec(request.url ?? '') ?? [];
    if (key === undefined) return answer(response, 404, { error: 'POST /orders/<key>' });
    if (request.method !== 'POST') return answer(response, 405, { error: 'POST /orders/<key>' });
    const body = await readBody(request);
    if (body === null) return answer(response, 413, { error: `more than ${MAX_BODY} bytes` });
    produce(rk, key, body, response);
  } catch {
    response.destroy(); // the caller hung up in the middle
  }
});

server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}, topic ${TOPIC}`);
});

// No new connections; every request that is here gets its answer, which its message's report brings.
process.once('SIGTERM', () => {
  server.close(() => void end(rk));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 15_000).unref();
});

async function end(producer: kafka.rd_kafka_t): Promise<void> {
  // Callers may have hung up on messages that are still on their way.
  const undelivered = await kafka.flush_async(producer, 10_000).then(
    () => 0,
    () => kafka.outq_len(producer),
  );
  await kafka.destroy_async(producer);
  console.log(undelivered === 0 ? 'everything delivered' : `${undelivered} messages were not delivered`);
  process.exitCode = undelivered === 0 ? 0 : 1;
}
