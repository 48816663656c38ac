// rd_kafka_event_t: what queue_poll gives instead of calling anything.
// @thread app

import * as E from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { PartitionEntry, type PartitionList } from '../defs/partition_list.ts';
import { GONE } from '../rd/check.ts';
import type { ConsumedMessage, ErrorMessage } from './consumed_message.ts';
import { listOf } from './offset_list.ts';
import type { CommitResult, RebalanceOp } from './op_queue.ts';

export class QueueEvent {
  readonly type: number;
  readonly err: number;
  readonly text: string | null;
  readonly fatal: boolean;
  readonly opaque: any;
  /** Of a rebalance or a commit. */
  readonly list: PartitionList | null;
  /** Of an error that concerns one. */
  readonly partition: PartitionEntry | null;
  /** Of a fetch, until it is taken. */
  private message: ConsumedMessage | null;
  '~gone': string;

  constructor(type: number, of: Partial<Pick<QueueEvent, 'err' | 'text' | 'fatal' | 'opaque' | 'list' | 'partition'>>) {
    this.type = type;
    this.err = of.err ?? 0;
    this.text = of.text ?? null;
    this.fatal = of.fatal ?? false;
    this.opaque = of.opaque ?? null;
    this.list = of.list ?? null;
    this.partition = of.partition ?? null;
    this.message = null;
    this[GONE] = '';
  }

  get '~type'(): 'rd_kafka_event_t' {
    return 'rd_kafka_event_t';
  }

  static fetched(message: ConsumedMessage | ErrorMessage): QueueEvent {
    if (message.err === 0) {
      const event = new QueueEvent(E.RD_KAFKA_EVENT_FETCH, {});
      event.message = message as ConsumedMessage;
      return event;
    }
    let partition: PartitionEntry | null = null;
    if (message.partition >= 0) {
      partition = new PartitionEntry(message.topic, message.partition);
      partition.offset = message.offset;
      partition.err = message.err;
    }
    const fatal = message.err === E.RD_KAFKA_RESP_ERR__FATAL;
    return new QueueEvent(E.RD_KAFKA_EVENT_ERROR, { err: message.err, text: message.errorText(), fatal, partition });
  }

  static error(err: number, text: string): QueueEvent {
    return new QueueEvent(E.RD_KAFKA_EVENT_ERROR, { err, text, fatal: err === E.RD_KAFKA_RESP_ERR__FATAL });
  }

  static rebalance({ err, partitions }: RebalanceOp): QueueEvent {
    return new QueueEvent(E.RD_KAFKA_EVENT_REBALANCE, { err, list: listOf(partitions) });
  }

  static offsetCommit({ err, offsets, opaque }: Pick<CommitResult, 'err' | 'offsets' | 'opaque'>): QueueEvent {
    return new QueueEvent(E.RD_KAFKA_EVENT_OFFSET_COMMIT, { err, list: listOf(offsets), opaque });
  }

  /** The next message in it, each once. */
  nextMessage(): ConsumedMessage | null {
    const { message } = this;
    this.message = null;
    return message;
  }

  get messageCount(): number {
    return this.type === E.RD_KAFKA_EVENT_FETCH ? 1 : 0;
  }

  errorText(): string {
    return this.text ?? errorText(this.err);
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
    this.message = null;
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.destroy();
  }
}
