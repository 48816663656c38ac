// The demo's clients, as a user of the library makes them: a producer, and members of one group. @thread app
import { setImmediate } from 'node:timers/promises';
import {
  conf_new,
  conf_set,
  conf_set_dr_msg_cb,
  conf_set_error_cb,
  conf_set_log_cb,
  conf_set_rebalance_cb,
} from '../../api/conf.ts';
import {
  assign,
  commit,
  consumer_close_async,
  consumer_poll,
  consumer_poll_async,
  subscribe,
} from '../../api/consumer.ts';
import { destroy_async, new_ } from '../../api/handle.ts';
import { flush_async, producev } from '../../api/produce.ts';
import {
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  type rd_kafka_type_t,
} from '../../defs/enums.ts';
import { errorName, errorText } from '../../defs/errors.ts';
import { KafkaError } from '../../defs/kafka_error.ts';
import { out } from '../../defs/out.ts';
import type { rd_kafka_conf_t, rd_kafka_message_t, rd_kafka_t } from '../../defs/types.ts';
import { poll_start } from '../../promise/poll_start.ts';
import { systemClock } from '../../rd/clock.ts';
import { pause } from './pause.ts';
import { newPayload, readId, writeId } from './payload.ts';
import type { Tally } from './tally.ts';

/** Messages handed over or taken in one turn of the event loop. */
const TURN = 1000;
/** Messages that the producer may be ahead of the consumers. */
const AHEAD = 50_000;
const POLL_MS = 100;
/** How long the producer rests when it is as far ahead as it may be. */
const BREATH_MS = 1;
const LOG_LINES = 40;

/** What all clients of one demo share. */
export interface Scene {
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly tally: Tally;
  /** The clients' last log lines, shown when something went wrong. */
  readonly log: string[];
  rebalances: number;
}

function makeConf(scene: Scene, properties: Readonly<Record<string, string>>): rd_kafka_conf_t {
  const conf = conf_new();
  const errstr = out<string>('');
  for (const [name, value] of Object.entries({ 'bootstrap.servers': scene.bootstrap, ...properties }))
    if (conf_set(conf, name, value, errstr) !== RD_KAFKA_CONF_OK) throw new KafkaError(-186, errstr.value);
  const note = (line: string): void => {
    scene.log.push(line);
    if (scene.log.length > LOG_LINES) scene.log.shift();
  };
  conf_set_log_cb(conf, (_rk, level, fac, text) => note(`%${level}|${fac}| ${text}`));
  conf_set_error_cb(conf, (_rk, err, reason) => note(`${errorName(err)}: ${reason}`));
  return conf;
}

function makeHandle(type: rd_kafka_type_t, conf: rd_kafka_conf_t): rd_kafka_t {
  const errstr = out<string>('');
  const rk = new_(type, conf, errstr);
  if (rk === null) throw new KafkaError(-186, errstr.value);
  return rk;
}

export class Producer {
  private readonly scene: Scene;
  private readonly rk: rd_kafka_t;
  private readonly payload: Buffer;

  constructor(scene: Scene) {
    this.scene = scene;
    this.payload = newPayload();
    const conf = makeConf(scene, {});
    conf_set_dr_msg_cb(conf, (_rk, message) => scene.tally.report(message._private as number, message.err));
    this.rk = makeHandle(RD_KAFKA_PRODUCER, conf);
    poll_start(this.rk);
  }

  /** Hands over one message; false when the queue is full. Throws the error that another refusal is. */
  send(): boolean {
    const { tally, topic } = this.scene;
    const id = tally.nextId;
    writeId(this.payload, id);
    const err = producev(this.rk, { topic, value: this.payload, opaque: id });
    if (err === RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
    if (err !== 0) throw new KafkaError(err, `producev: ${errorText(err)}`);
    tally.accepted();
    return true;
  }

  /**
   * Hands over as much as the consumers can follow, for so long, and never more than the tally has room for: spread over
   * all the time, so that a fast machine has not ended before anything happens.
   */
  async run(ms: number): Promise<void> {
    const { tally } = this.scene;
    const began = systemClock.now();
    for (let part = 0; part < 1; part = (systemClock.now() - began) / ms) {
      const due = Math.floor(tally.capacity * part) - tally.produced;
      const room = Math.min(TURN, due, AHEAD - (tally.produced - tally.consumed));
      if (room <= 0) await pause(BREATH_MS);
      for (let i = 0; i < room && this.send(); i++);
      await setImmediate();
    }
  }

  /** Resolves with whether all reports have come. */
  async flush(timeoutMs: number): Promise<boolean> {
    return flush_async(this.rk, timeoutMs).then(
      () => true,
      () => false,
    );
  }

  close(): Promise<void> {
    return destroy_async(this.rk);
  }
}

/** One member of the group. */
export class Member {
  private readonly scene: Scene;
  private readonly rk: rd_kafka_t;
  private readonly running: Promise<void>;
  private stopping: boolean;
  /** Whether it has been told its partitions. */
  assigned: boolean;

  constructor(scene: Scene) {
    this.scene = scene;
    this.stopping = false;
    this.assigned = false;
    const conf = makeConf(scene, {
      'group.id': scene.group,
      'auto.offset.reset': 'earliest',
      // A member hears by its heartbeat that others came or went: 3 s would be long for a demo.
      'heartbeat.interval.ms': '300',
    });
    conf_set_rebalance_cb(conf, (rk, err, partitions) => {
      if (err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        this.assigned = true;
        scene.rebalances++;
        assign(rk, partitions);
        return;
      }
      this.assigned = false;
      // What was handed out is committed before another member gets these partitions: so nobody sees it twice.
      commit(rk, null, false);
      assign(rk, null);
    });
    this.rk = makeHandle(RD_KAFKA_CONSUMER, conf);
    const err = subscribe(this.rk, [scene.topic]);
    if (err !== 0) throw new KafkaError(err, `subscribe: ${errorText(err)}`);
    this.running = this.run();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      let message = await consumer_poll_async(this.rk, POLL_MS);
      for (let i = 1; message !== null; i++) {
        this.take(message);
        message = i < TURN ? consumer_poll(this.rk, 0) : null;
      }
      await setImmediate();
    }
  }

  private take(message: rd_kafka_message_t): void {
    const { tally, log } = this.scene;
    if (message.err !== 0) log.push(`consumer: ${errorName(message.err)}: ${message.payload?.toString() ?? ''}`);
    else tally.consume(readId(message.payload), message.partition, message.offset);
  }

  /** Commits, leaves the group, ends. */
  async close(): Promise<void> {
    this.stopping = true;
    await this.running;
    await consumer_close_async(this.rk);
    await destroy_async(this.rk);
  }
}
