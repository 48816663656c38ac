// An HTTP service that puts what it is sent into Kafka: `POST /orders/<key>` with any body.
// 202 when the brokers have it, 503 when they have not taken it in time. SIGTERM: delivers what it has, then ends.
// Environment: KAFKA_BOOTSTRAP, KAFKA_TOPIC, PORT.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as kafka from 'rdkafka-ts';

const TOPIC = process.env['KAFKA_TOPIC'] ?? 'orders';
const MAX_BODY = 100_000;
/** Requests whose messages are on their way. With more the brokers can't keep up, and callers should come back later. */
const MAX_WAITING = 10_000;

const producer = kafka.producer_new({
  'bootstrap.servers': process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092',
  'client.id': 'http-producer',
  // A retry stores nothing twice.
  'enable.idempotence': true,
  // The caller waits for its answer: no message waits for others to share a batch with,
  'linger.ms': 0,
  // and one that takes longer has failed.
  'message.timeout.ms': 10_000,
  error_cb: (error) => console.error(`${error.type}: ${error.message}`),
});

async function produce(key: string, value: Buffer, response: ServerResponse): Promise<void> {
  if (kafka.outq_len(producer) >= MAX_WAITING) return answer(response, 503, { error: '_QUEUE_FULL' });
  try {
    const { partition, offset } = await kafka.produce_async(producer, { topic: TOPIC, key, value });
    answer(response, 202, { topic: TOPIC, partition, offset });
  } catch (error) {
    if (!(error instanceof kafka.KafkaError)) throw error;
    answer(response, 503, { error: error.type, text: error.message });
  }
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
    await produce(key, body, response);
  } catch {
    response.destroy(); // the caller hung up in the middle
  }
});

server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}, topic ${TOPIC}`);
});

// No new connections; every request that is here gets its answer, which its message's report brings.
process.once('SIGTERM', () => {
  server.close(() => void end());
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 15_000).unref();
});

async function end(): Promise<void> {
  // Callers may have hung up on messages that are still on their way.
  const { undelivered } = await kafka.close_async(producer, { timeout_ms: 10_000 });
  console.log(undelivered === 0 ? 'everything delivered' : `${undelivered} messages were not delivered`);
  process.exitCode = undelivered === 0 ? 0 : 1;
}
