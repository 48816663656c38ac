// rd_kafka_consumer_group_metadata_t: who a consumer is to its group, as a transaction names it; and its bytes. @thread any
import { GONE } from '../rd/check.ts';
import type { rd_kafka_consumer_group_metadata_t } from './types.ts';

const MAGIC = Buffer.from('CGMDv2:', 'latin1');
/** Magic, generation, two terminators and the byte that says whether there is an instance id. */
const LEAST = MAGIC.length + 4 + 3;

export class GroupMetadata implements rd_kafka_consumer_group_metadata_t {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  '~gone': string = '';

  constructor(groupId: string, generation: number, memberId: string, instanceId: string | null) {
    this.groupId = groupId;
    this.generation = generation;
    this.memberId = memberId;
    this.instanceId = instanceId;
  }

  get '~type'(): 'rd_kafka_consumer_group_metadata_t' {
    return 'rd_kafka_consumer_group_metadata_t';
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** As librdkafka writes it on usual machines (its integer is the machine's own). */
  write(): Buffer {
    const generation = Buffer.alloc(4);
    generation.writeInt32LE(this.generation);
    const instance = this.instanceId === null ? '\x01' : `\0${this.instanceId}\0`;
    return Buffer.concat([MAGIC, generation, Buffer.from(`${this.groupId}\0${this.memberId}\0${instance}`)]);
  }

  /** What `write` gave, or what is wrong with it. */
  static read(bytes: Uint8Array): GroupMetadata | string {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length < LEAST) return 'too short';
    if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) return 'not the metadata of a consumer group';
    let at = MAGIC.length + 4;
    const text = (): string | null => {
      const end = buffer.indexOf(0, at);
      if (end < 0) return null;
      const word = buffer.toString('latin1', at, end);
      at = end + 1;
      return /^[ -~]*$/.test(word) ? word : null;
    };
    const groupId = text();
    if (groupId === null) return 'the group id is no plain text';
    const memberId = text();
    if (memberId === null) return 'the member id is no plain text';
    const none = buffer[at++];
    const instanceId = none === 0 ? text() : '';
    if (instanceId === null) return 'the group instance id is no plain text';
    if (none === undefined || at !== buffer.length) return 'of a wrong length';
    return new GroupMetadata(groupId, buffer.readInt32LE(MAGIC.length), memberId, none === 0 ? instanceId : null);
  }
}
