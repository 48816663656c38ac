// Reads what a topic holds over our own schemas and plain sockets, so that no consumer is part of a producer's test.
import { connect, type Socket } from 'node:net';
import type { ApiName } from '../../src/defs/api_name.ts';
import { type Body, decodeResponse } from '../../src/protocol/compile.ts';
import { FrameSplitter, readResponseHeader, requestFrame } from '../../src/protocol/frame.ts';
import type { Messages } from '../../src/protocol/messages.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { LOG_APPEND_TIME } from '../../src/records/batch_header.ts';
import { BatchReader } from '../../src/records/batch_reader.ts';
import { RecordCursor, readHeaders } from '../../src/records/record_reader.ts';

const VERSIONS = { Metadata: 4, ListOffsets: 1, Fetch: 4 } as const;
type Asked = keyof typeof VERSIONS;
const FETCH_BYTES = 16 << 20;

export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

/** How a batch lies in the log. */
export interface StoredBatch {
  readonly partition: number;
  readonly baseOffset: number;
  readonly count: number;
  readonly bytes: number;
  readonly attributes: number;
}

export interface Stored {
  readonly records: StoredRecord[];
  readonly batches: StoredBatch[];
}

class Line {
  private readonly socket: Socket;
  private readonly splitter: FrameSplitter;
  private correlationId: number;

  constructor(socket: Socket) {
    this.socket = socket;
    this.splitter = new FrameSplitter(1 << 27);
    this.correlationId = 0;
  }

  async ask<N extends Asked>(name: N, body: Body<Messages[N]['request']>): Promise<Messages[N]['response']> {
    const version = VERSIONS[name];
    const id = ++this.correlationId;
    const frame = await new Promise<Uint8Array>((resolve, reject) => {
      const failed = (error: Error): void => reject(error);
      const closed = (): void => reject(new Error(`the broker hung up on ${name}`));
      const data = (chunk: Uint8Array): void => {
        this.splitter.push(chunk, (whole) => {
          this.socket.off('error', failed).off('close', closed).off('data', data);
          resolve(whole);
        });
      };
      this.socket.on('error', failed).on('close', closed).on('data', data);
      this.socket.write(requestFrame(name, version, id, 'read-topic', body));
    });
    const reader = new Reader(frame);
    readResponseHeader(name as ApiName, version, reader);
    return decodeResponse(name, version, reader);
  }
}

async function withLine<T>(host: string, port: number, use: (line: Line) => Promise<T>): Promise<T> {
  const socket = connect(port, host);
  socket.setTimeout(20_000, () => socket.destroy(new Error(`${host}:${port} says nothing`)));
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return await use(new Line(socket));
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

/** Everything in the topic from each partition's beginning to its end at this moment, in order of partition and offset. */
export async function readTopic(bootstrap: string, topic: string): Promise<Stored> {
  const address = bootstrap.split(',')[0]!;
  const at = address.lastIndexOf(':');
  const meta = await withLine(address.slice(0, at), Number(address.slice(at + 1)), (line) =>
    line.ask('Metadata', { topics: [{ name: topic }], allowAutoTopicCreation: false }),
  );
  const found = meta.topics[0]!;
  if (found.errorCode !== 0) throw new Error(`metadata of ${topic}: error ${found.errorCode}`);
  const stored: Stored = { records: [], batches: [] };
  for (const { partitionIndex, leaderId } of [...found.partitions].sort(
    (a, b) => a.partitionIndex - b.partitionIndex,
  )) {
    const leader = meta.brokers.find((broker) => broker.nodeId === leaderId)!;
    await withLine(leader.host, leader.port, (line) => readPartition(line, topic, partitionIndex, stored));
  }
  return stored;
}

async function readPartition(line: Line, topic: string, partition: number, into: Stored): Promise<void> {
  const ends = await line.ask('ListOffsets', {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }],
  });
  const end = ends.topics[0]!.partitions[0]!.offset;
  let offset = 0;
  while (offset < end) {
    const answer = await line.ask('Fetch', {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES }] }],
    });
    const part = answer.responses[0]!.partitions[0]!;
    if (part.errorCode !== 0) throw new Error(`fetch of ${topic} [${partition}]: error ${part.errorCode}`);
    const before = offset;
    offset = walk(part.records ?? new Uint8Array(0), partition, offset, into);
    if (offset === before) throw new Error(`fetch of ${topic} [${partition}] stands still at ${offset} of ${end}`);
  }
}

function walk(bytes: Uint8Array, partition: number, from: number, into: Stored): number {
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: true, maxDecompressed: 1 << 27 });
  const cursor = new RecordCursor();
  let next = from;
  while (reader.next()) {
    const header = reader.header!;
    const { baseOffset, count, attributes } = header;
    into.batches.push({ partition, baseOffset, count, attributes, bytes: reader.batchTo - reader.batchFrom });
    let at = reader.from;
    for (let i = 0; i < count; i++) {
      cursor.read(reader.bytes, at, reader.to);
      at = cursor.next;
      const offset = baseOffset + cursor.offsetDelta;
      if (offset < from) continue;
      into.records.push({
        partition,
        offset,
        timestamp:
          (attributes & LOG_APPEND_TIME) !== 0 ? header.maxTimestamp : header.baseTimestamp + cursor.timestampDelta,
        key: cursor.keyTo < 0 ? null : Buffer.from(reader.bytes.slice(cursor.keyFrom, cursor.keyTo)),
        value: cursor.valueTo < 0 ? null : Buffer.from(reader.bytes.slice(cursor.valueFrom, cursor.valueTo)),
        headers: readHeaders(reader.bytes, cursor),
      });
    }
    next = baseOffset + header.lastOffsetDelta + 1;
  }
  return next;
}
