// One broker as an I/O worker sees it: its connection, what goes out, what comes in.
// @thread broker: nothing here may assume that it is alone in its worker

import type { HandleMemory } from '../ops/memory.ts';
import { hostPort } from '../rd/host_port.ts';
import { Connection } from '../wire/connection.ts';
import { Fetcher } from './fetcher.ts';
import type { HostedHandle } from './handle.ts';
import { Producer } from './producer.ts';

export class Broker {
  readonly id: number;
  readonly connection: Connection;
  readonly producer: Producer;
  readonly fetcher: Fetcher;

  constructor(handle: HostedHandle, memory: HandleMemory, id: number, host: string, port: number) {
    this.id = id;
    this.connection = new Connection({
      host,
      port,
      name: nodeName(id, host, port),
      clientId: handle.settings['client.id'],
      settings: handle.settings,
      clock: handle.clock,
      random: Math.random,
      debug: handle.debug,
      spare: (size) => handle.frames.take(size),
      log: (level, fac, text) => handle.log(level, fac, text, this.connection.name),
      onState: (state, _from, err, _reason, planned) => {
        if (state === 'UP') handle.brokerUp(this);
        else if (state === 'DOWN' && !planned) handle.brokerDown(this, err, '');
        handle.soon();
      },
      onError: (err, text) => handle.brokerDown(this, err, text),
      onThrottle: handle.throttle ? (ms) => this.throttled(handle, ms) : undefined,
    });
    const now = () => handle.now();
    this.producer = new Producer({
      memory,
      settings: handle.settings,
      worker: handle.worker,
      brokerId: id,
      clientId: Buffer.from(handle.settings['client.id']),
      connection: this.connection,
      random: Math.random,
      now,
      soon: () => handle.soon(),
      ringApp: () => handle.toApp.ring(),
      toApp: (op) => handle.toApp.post(op),
      log: (level, fac, text) => handle.log(level, fac, text, this.connection.name),
      leaderStale: (part, err) => handle.leaderStale(part.topic, part.number, id, err),
      left: (part) => handle.left(part),
      identity: () => handle.identity,
      raiseEpoch: (from) => handle.toMain.post({ type: 'raise_epoch', ...from }),
      fatal: (err, text) => handle.toMain.post({ type: 'fatal', err, text }),
    });
    this.fetcher = new Fetcher({
      settings: handle.settings,
      head: memory.head,
      connection: this.connection,
      broker: id,
      now,
      wall: () => handle.clock.wall(),
      soon: () => handle.soon(),
      toApp: (op, transfer) => handle.toApp.post(op, transfer),
      leaderStale: (topic, partition, err) => handle.leaderStale(topic, partition, id, err),
      prefer: ({ cell, home }, replica) =>
        handle.toMain.post({ type: 'preferred_replica', cell: cell.id, home, replica }),
      stalled: ({ cell, home }, cause, err) =>
        handle.toMain.post({ type: 'fetch_stall', cell: cell.id, home, cause, err }),
      log: (level, fac, text) => handle.log(level, fac, text, this.connection.name),
      giveBack: (buffers) => handle.frames.give(buffers),
    });
  }

  private throttled(handle: HostedHandle, ms: number): void {
    const { host, port } = this.connection;
    handle.toApp.post({ type: 'throttle', name: hostPort(host, port), broker: this.id, ms });
  }

  serve(now: number): number {
    return Math.min(this.producer.serve(now), this.fetcher.serve(now));
  }
}

/** As it stands in log lines and errors. */
export function nodeName(id: number, host: string, port: number): string {
  return `${hostPort(host, port)}/${id}`;
}
