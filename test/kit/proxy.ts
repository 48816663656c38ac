// A proxy of whole clusters that loses, delays and cuts what goes through it, in a thread of its own, so that it goes on
// while the test blocks. It knows Kafka's frames: a test says "the second produce request", not "after 3 kB". Brokers'
// addresses in their answers become the proxy's, so clients stay with it; works for the mock and for a real Kafka alike.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { TestContext } from 'vitest';
import { belongs } from './builders.ts';
import { bundled } from './bundle.ts';

/** `up`: from the client to the broker. */
export type Direction = 'up' | 'down';

/**
 * What is to be done with a frame of this api (in `down`: the answer to one), once `after` of them have come; then the
 * rule is used up. Of several rules for the same frames one is looked at after the other.
 * - `hold`: it and everything behind it on this connection and in this direction waits for `release`
 * - `swallow`: it is lost, what follows is not
 * - `cut`: the connection is closed instead
 * - `half`: half of its bytes arrive, then the connection is closed
 */
export interface Rule {
  readonly direction: Direction;
  readonly apiKey: number;
  after: number;
  readonly action: 'hold' | 'swallow' | 'cut' | 'half';
}

interface Ordered {
  readonly broker?: number | undefined;
  readonly direction?: Direction | undefined;
}

export type Command = Ordered &
  (
    | { readonly name: 'cut' }
    | { readonly name: 'refuse' | 'hold'; readonly on: boolean }
    | { readonly name: 'delay'; readonly ms: number }
    | { readonly name: 'when'; readonly rule: Rule }
    | { readonly name: 'count'; readonly apiKey: number }
  );

export interface Start {
  readonly addresses: readonly string[];
  readonly port: MessagePort;
  readonly bell: Int32Array;
}

export interface Counts {
  /** Frames of that api that came to the proxy, and that it passed on. */
  readonly came: number;
  readonly passed: number;
  /** Connections accepted so far, and those open now. */
  readonly accepted: number;
  readonly open: number;
}

export type Answer = Counts | { readonly ports: readonly number[] };

const PATIENCE_MS = 30_000;

const threadText: Promise<string> = bundled(new URL('./proxy_thread.ts', import.meta.url));

/** Each call has happened when it returns. `broker` is an index into the bootstrap; all of them without it. */
export class KafkaProxy {
  /** In place of the cluster's own. */
  readonly bootstrap: string;
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly bell: Int32Array;
  private heard: number;

  constructor(text: string, bootstrap: string) {
    const addresses = bootstrap.split(',').map((address) => address.trim());
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.bell = new Int32Array(new SharedArrayBuffer(4));
    this.heard = 0;
    const workerData: Start = { addresses, port: port2, bell: this.bell };
    this.worker = new Worker(text, { eval: true, execArgv: [], workerData, transferList: [port2] });
    const { ports } = this.answer() as { ports: readonly number[] };
    this.bootstrap = addresses
      .map((address, i) => `${address.slice(0, address.lastIndexOf(':'))}:${ports[i]}`)
      .join(',');
  }

  /** Closes all connections that are open now. */
  cut(broker?: number): void {
    this.ask({ name: 'cut', broker });
  }

  /** The same, and those that come are closed at once, until `accept`. */
  refuse(broker?: number): void {
    this.ask({ name: 'refuse', on: true, broker });
  }

  accept(broker?: number): void {
    this.ask({ name: 'refuse', on: false, broker });
  }

  /** Nothing goes this way until `release`, on connections to come neither. Connections stay open, and can be made. */
  hold(direction: Direction, broker?: number): void {
    this.ask({ name: 'hold', on: true, direction, broker });
  }

  /** Lets go what `hold` or a rule held, in both directions unless one is named. */
  release(direction?: Direction, broker?: number): void {
    this.ask({ name: 'hold', on: false, direction, broker });
  }

  /** Each frame that comes from now on waits so long; their order stays. */
  delay(direction: Direction, ms: number, broker?: number): void {
    this.ask({ name: 'delay', ms, direction, broker });
  }

  when(direction: Direction, apiKey: number, after: number, action: Rule['action'], broker?: number): void {
    this.ask({ name: 'when', rule: { direction, apiKey, after, action }, broker });
  }

  count(direction: Direction, apiKey: number, broker?: number): Counts {
    return this.ask({ name: 'count', direction, apiKey, broker }) as Counts;
  }

  end(): void {
    this.port.close();
    void this.worker.terminate();
  }

  private ask(command: Command): Answer {
    this.worker.postMessage(command);
    return this.answer();
  }

  private answer(): Answer {
    const over = performance.now() + PATIENCE_MS;
    while (Atomics.load(this.bell, 0) === this.heard) {
      if (performance.now() > over) throw new Error(`the proxy's thread says nothing for ${PATIENCE_MS} ms`);
      Atomics.wait(this.bell, 0, this.heard, PATIENCE_MS);
    }
    this.heard++;
    return receiveMessageOnPort(this.port)!.message as Answer;
  }
}

/** A proxy of the brokers that `bootstrap` names, ended after the test: make it behind the cluster, before its clients. */
export async function aProxy(t: TestContext, bootstrap: string): Promise<KafkaProxy> {
  const proxy = new KafkaProxy(await threadText, bootstrap);
  belongs(t, () => proxy.end());
  return proxy;
}
