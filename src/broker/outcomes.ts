// What becomes of a batch that was sent, or never will be: delivered, sent again or given up, and its one report.
// @thread broker

import * as E from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { report, type TakenBatch } from '../ops/batch_owner.ts';
import { FLAG_DETAILS, FLAG_NO_OFFSET } from '../ops/batches.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { Partition } from './partition.ts';
import type { Outgoing } from './produce_request.ts';
import { classify, ProduceResults, reportCode } from './produce_response.ts';
import type { ProducerEnv } from './producer_env.ts';
import type { PartitionSequence } from './sequence.ts';

const NO_OFFSET = -1001;
/** What enable.gapless.guarantee does not cover: the application wanted it so. */
const NO_GAP: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  E.RD_KAFKA_RESP_ERR__PURGE_QUEUE,
  E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
]);

export class Outcomes {
  private readonly env: ProducerEnv;
  private readonly maxRetries: number;
  private readonly gapless: boolean;
  private reported: boolean;
  /** The producer ends on an error of its sequence: nothing is sent again. */
  private fatal: boolean;

  constructor(env: ProducerEnv) {
    this.env = env;
    this.maxRetries = env.settings['message.send.max.retries'];
    this.gapless = env.settings['enable.gapless.guarantee'];
    this.reported = false;
    this.fatal = false;
  }

  /** The app hears of the reports since the last call. */
  tell(): void {
    if (!this.reported) return;
    this.reported = false;
    this.env.ringApp();
  }

  /** A request has ended, `sent` or not. */
  answered(out: readonly Outgoing[], error: number, response: any, sent: boolean): void {
    const results = error === 0 && response !== null ? new ProduceResults(response) : null;
    for (const { part, batch } of out) {
      part.inflight--;
      const result = results === null ? null : results.of(part.topic, part.number);
      if (error !== 0) this.failed(part, batch, error, sent);
      else if (results === null) this.delivered(part, batch, NO_OFFSET, -1, false);
      else if (result === null) this.failed(part, batch, E.RD_KAFKA_RESP_ERR__BAD_MSG, true);
      else if (result.errorCode === 0)
        this.delivered(part, batch, result.baseOffset, result.logAppendTimeMs ?? -1, true);
      else this.refused(part, batch, result);
      if (part.inflight === 0) this.reportPurged(part);
    }
  }

  private delivered(part: Partition, batch: TakenBatch, offset: number, appendTime: number, stored: boolean): void {
    part.sequence?.delivered(batch);
    this.reportStored(part);
    const status = stored ? E.RD_KAFKA_MSG_STATUS_PERSISTED : E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    this.report(batch, 0, status | (offset < 0 ? FLAG_NO_OFFSET : 0), offset, appendTime);
  }

  /** What may be stored and has to go again is stored if one behind it is: it is reported first, and sent no more. */
  private reportStored({ sequence, fifo }: Partition): void {
    if (sequence === null) return;
    while (fifo.length > 0 && sequence.stored(fifo[0]!))
      this.report(fifo.shift()!, 0, E.RD_KAFKA_MSG_STATUS_PERSISTED | FLAG_NO_OFFSET, NO_OFFSET, -1);
  }

  private refused(part: Partition, batch: TakenBatch, result: any): void {
    const listed: readonly any[] = result.recordErrors ?? [];
    if (listed.length > 0 && classify(result.errorCode).action === 'fail') {
      // Details first, the flag and the report behind them (memory.md, part 1, 4).
      const errors = listed.slice(0, batch.count).map((row) => ({
        index: row.batchIndex,
        err: listed.length > 1 ? E.RD_KAFKA_RESP_ERR_INVALID_RECORD : result.errorCode,
        text: row.batchIndexErrorMessage ?? result.errorMessage ?? '',
      }));
      this.env.toApp({ type: 'details', batch: batch.id, generation: batch.generation, errors });
      this.giveUp(part, batch, result.errorCode, true);
      return;
    }
    this.failed(part, batch, result.errorCode, true);
  }

  private failed(part: Partition, batch: TakenBatch, error: number, sent: boolean): void {
    if (part.sequence !== null && this.disordered(part, part.sequence, batch, error)) return;
    const row = classify(error);
    const counted = row.counted && sent;
    if (row.maybePersisted && sent) batch.maybePersisted = true;
    if (row.action === 'refresh') this.env.leaderStale(part, error);
    const expired = part.isLate(batch, this.env.now());
    if (row.action === 'fail' || expired || this.fatal || (counted && batch.retries >= this.maxRetries)) {
      const late = expired && row.action !== 'fail';
      this.giveUp(part, batch, late ? E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT : reportCode(error), false);
      return;
    }
    if (counted) batch.retries++;
    this.backOff(batch);
    this.sendAgain(part, batch);
  }

  private backOff(batch: TakenBatch): void {
    const { settings, random } = this.env;
    const { 'retry.backoff.ms': first, 'retry.backoff.max.ms': most } = settings;
    batch.notBefore = (this.env.now() + retryBackoff(Math.max(1, batch.retries), first, most, random)) | 0;
    batch.backoff = true;
  }

  private sendAgain(part: Partition, batch: TakenBatch): void {
    if (part.sequence !== null) part.sequence.draining = true;
    part.putBack(batch);
  }

  /** Errors of sequences (librdkafka's rules, as far as they go without an epoch for each); true when dealt with. */
  private disordered(part: Partition, sequence: PartitionSequence, batch: TakenBatch, error: number): boolean {
    const unknown = error === E.RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID;
    const refused = unknown || error === E.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    if (error === E.RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER || (refused && sequence.stored(batch))) {
      // Stored by an earlier try, too long ago for the broker to know where.
      this.delivered(part, batch, NO_OFFSET, -1, true);
      return true;
    }
    if (!refused) return false;
    const disorder = sequence.disorder(batch);
    const forgotten = unknown && disorder === 'lost' && batch.retries === 0 && !batch.maybePersisted;
    if (!this.fatal && (disorder === 'follows' || forgotten || (!unknown && sequence.doubts(batch, part.inflight)))) {
      // Had it been stored before, the broker would have said so.
      if (sequence.broken) batch.maybePersisted = false;
      if (forgotten) {
        sequence.broken = true;
        this.backOff(batch);
      }
      this.sendAgain(part, batch);
      return true;
    }
    const what = disorder === 'rewound' ? 'a rewound sequence number' : 'sequence desynchronization with the broker';
    this.end(error, `${part.topic} [${part.number}]: ${batch.count} messages failed due to ${what}`);
    this.giveUp(part, batch, error, false);
    return true;
  }

  private end(error: number, text: string): void {
    if (this.fatal) return;
    this.fatal = true;
    this.env.fatal(error, text);
  }

  /** The batch is reported as failed, for good. */
  giveUp(part: Partition, batch: TakenBatch, error: number, details: boolean): void {
    if (part.sequence !== null) {
      if (part.sequence.stored(batch)) {
        this.delivered(part, batch, NO_OFFSET, -1, true);
        return;
      }
      part.sequence.givenUp(batch);
      if (this.gapless && !NO_GAP.has(error)) {
        const what = `${part.topic} [${part.number}]: ${batch.count} messages failed: ${errorText(error)}`;
        this.end(E.RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, `${what}: unable to satisfy gap-less guarantee`);
      }
    }
    this.reportFailure(batch, error, details);
  }

  private reportFailure(batch: TakenBatch, error: number, details: boolean): void {
    const status = batch.maybePersisted
      ? E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
      : E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    this.report(batch, error, status | FLAG_NO_OFFSET | (details ? FLAG_DETAILS : 0), NO_OFFSET, -1);
  }

  private report(batch: TakenBatch, error: number, status: number, baseOffset: number, appendTime: number): void {
    batch.compressed = null;
    const verdict = { error, status, broker: this.env.brokerId, baseOffset, appendTime };
    if (report(this.env.memory, batch, this.env.worker, verdict)) this.reported = true;
  }

  /** What was purged behind batches in flight, when there are none any more. */
  reportPurged(part: Partition): void {
    for (const batch of part.purged.splice(0)) this.giveUp(part, batch, E.RD_KAFKA_RESP_ERR__PURGE_QUEUE, false);
  }
}
